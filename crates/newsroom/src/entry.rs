//! A live blog and its updates, as the engine and the pages that it fills hold them.

use std::sync::Arc;

use domain::{
    AccountId, Cursor, EntryId, EntryState, Epoch, Headline, Invalid, Language, Mark, Order, Rev,
    Slug, Summary, Timestamp, Title, UpdateId, Username, ZoneName, hygiene,
};

use crate::{
    SafeHtml, language,
    zone::{self, LocalTime},
};

/// A live blog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The epoch of its revisions, and of its updates'.
    pub epoch: Epoch,
    /// Its number.
    pub id: EntryId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// What it is about.
    pub summary: Summary,
    /// Where it is in its life.
    pub state: EntryState,
    /// The zone its times are shown in.
    pub time_zone: ZoneName,
    /// The language of its texts: its own, or the site's.
    pub language: Language,
    /// Its own language, if it has one.
    pub own_language: Option<Language>,
    /// When it started, or is to start.
    pub starts_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// The order its pages begin in.
    pub default_order: Order,
    /// The revision of its own last change.
    pub rev: Rev,
    /// The revision of the last change to anything in it.
    pub head: Rev,
}

impl Entry {
    /// Since when it is live, or from when to when it was, in its own zone, ready to be shown.
    pub fn since(&self) -> String {
        let parts = self.since_parts();
        parts.iter().map(SincePart::as_str).collect()
    }

    /// The parts of [`Entry::since`]: words, and the moments between them.
    pub fn since_parts(&self) -> Vec<SincePart> {
        let local = |at| LocalTime::new(at, &self.time_zone);
        let moment = |at, text| SincePart::Moment(at, text);
        let full = |at| moment(at, local(at).full());
        match (self.state, self.ended_at) {
            (EntryState::Upcoming, _) => vec![SincePart::Words("Not started yet")],
            (_, Some(ended_at)) => {
                let (began, ended) = (local(self.starts_at), local(ended_at));
                // A day that holds both is named once, and so is the zone unless an hour came twice.
                let (from, to) = if began.date() == ended.date() && began.zone() == ended.zone() {
                    let from = format!("{}, {}", began.date(), began.clock());
                    let to = ended.clock_and_zone();
                    (moment(self.starts_at, from), moment(ended_at, to))
                } else {
                    (full(self.starts_at), full(ended_at))
                };
                vec![
                    SincePart::Words("From "),
                    from,
                    SincePart::Words(" to "),
                    to,
                ]
            }
            (_, None) => vec![SincePart::Words("Since "), full(self.starts_at)],
        }
    }
}

/// A part of [`Entry::since`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SincePart {
    /// Words.
    Words(&'static str),
    /// A moment, and how it is shown in the entry's zone.
    Moment(Timestamp, String),
}

impl SincePart {
    /// What is shown of it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Words(words) => words,
            Self::Moment(_, text) => text,
        }
    }
}

/// An update that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveUpdate {
    /// Its number.
    pub id: UpdateId,
    /// The entry it belongs to.
    pub entry_id: EntryId,
    /// The revision of its last change.
    pub rev: Rev,
    /// Whose it is.
    pub author_id: AccountId,
    /// The name it is signed with.
    pub author: Username,
    /// The line above it.
    pub headline: Option<Headline>,
    /// What the author wrote.
    pub source: String,
    /// What the reader gets of it.
    pub html: SafeHtml,
    /// Whether it is one of the entry's key moments.
    pub key: bool,
    /// Whether it is the one that is shown at the top as well.
    pub pinned: bool,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// When it was last changed, if it was.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted, if it was; its text is then nobody's to read but its author's, to undo.
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it, if it is deleted and an account was noted.
    pub deleted_by: Option<AccountId>,
}

impl LiveUpdate {
    /// Whether the entry's top tells of it.
    pub const fn is_highlight(&self) -> bool {
        self.key || self.pinned
    }

    /// Whether `mark` is set on it.
    pub const fn has(&self, mark: Mark) -> bool {
        match mark {
            Mark::Key => self.key,
            Mark::Pinned => self.pinned,
        }
    }
}

/// A live blog that is to be.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Its name in addresses, if somebody wrote one; else it is made from the title.
    pub slug: Option<Slug>,
    /// Its title.
    pub title: Title,
    /// What it is about.
    pub summary: Summary,
    /// Where it begins.
    pub state: EntryState,
    /// The zone its times are shown in.
    pub time_zone: ZoneName,
    /// The language of its texts; the site's, if it is to have none of its own.
    pub language: Option<Language>,
    /// The order its pages begin in.
    pub default_order: Order,
}

impl NewEntry {
    /// Takes in what was typed. An empty slug is made from the title, an empty zone is UTC. It has the
    /// site's language.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(
        title: &str,
        slug: &str,
        summary: &str,
        time_zone: &str,
        state: EntryState,
        default_order: Order,
    ) -> Result<Self, Invalid> {
        let slug = match &*hygiene::clean_line(slug) {
            "" => None,
            text => Some(Slug::parse(text)?),
        };
        Ok(Self {
            slug,
            title: Title::parse(title)?,
            summary: Summary::parse(summary)?,
            state,
            time_zone: zone_or_utc(time_zone)?,
            language: None,
            default_order,
        })
    }

    /// The same with another language, as it was typed; an empty one is the site's.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn in_language(self, tag: &str) -> Result<Self, Invalid> {
        Ok(Self {
            language: language::parse_if_any(tag)?,
            ..self
        })
    }
}

/// What can be changed of an entry, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryEdit {
    /// Its name in addresses; the old one leads to it.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// What it is about.
    pub summary: Summary,
    /// The zone its times are shown in.
    pub time_zone: ZoneName,
    /// The language of its texts; the site's, if it is to have none of its own.
    pub language: Option<Language>,
    /// The order its pages begin in.
    pub default_order: Order,
}

impl EntryEdit {
    /// Takes in what was typed; an empty zone is UTC. It has the site's language.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(
        title: &str,
        slug: &str,
        summary: &str,
        time_zone: &str,
        default_order: Order,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            slug: Slug::parse(slug)?,
            title: Title::parse(title)?,
            summary: Summary::parse(summary)?,
            time_zone: zone_or_utc(time_zone)?,
            language: None,
            default_order,
        })
    }

    /// The same with another language, as it was typed; an empty one is the site's.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn in_language(self, tag: &str) -> Result<Self, Invalid> {
        Ok(Self {
            language: language::parse_if_any(tag)?,
            ..self
        })
    }

    /// What `entry` is.
    pub fn of(entry: &Entry) -> Self {
        Self {
            slug: entry.slug.clone(),
            title: entry.title.clone(),
            summary: entry.summary.clone(),
            time_zone: entry.time_zone.clone(),
            language: entry.own_language.clone(),
            default_order: entry.default_order,
        }
    }
}

fn zone_or_utc(name: &str) -> Result<ZoneName, Invalid> {
    zone::parse(match &*hygiene::clean_line(name) {
        "" => "UTC",
        name => name,
    })
}

/// Everything an entry's page shows, read in one moment.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entry.
    pub entry: Entry,
    /// Its updates, oldest first.
    pub updates: Vec<Arc<LiveUpdate>>,
    /// The place in the entry's feed that this is the state of.
    pub cursor: Cursor,
}
