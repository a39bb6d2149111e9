//! A live blog and its updates, as the engine and the pages that it fills hold them.

use std::sync::Arc;

use domain::{
    AccountId, Cursor, EntryId, EntryState, Epoch, Headline, Invalid, Mark, Order, Rev, Slug,
    Summary, Timestamp, Title, UpdateId, Username, ZoneName, hygiene,
};

use crate::{
    SafeHtml,
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
        let at = |moment| LocalTime::new(moment, &self.time_zone);
        match (self.state, self.ended_at) {
            (EntryState::Upcoming, _) => "Not started yet".to_owned(),
            (_, Some(ended)) => {
                let (began, ended) = (at(self.starts_at), at(ended));
                // A day that holds both is named once.
                if began.date() == ended.date() {
                    let from = format!("{}, {}", began.date(), began.clock());
                    format!("From {from} to {}", ended.clock_and_zone())
                } else {
                    format!("From {} to {}", began.full(), ended.full())
                }
            }
            (_, None) => format!("Since {}", at(self.starts_at).full()),
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
    /// The order its pages begin in.
    pub default_order: Order,
}

impl NewEntry {
    /// Takes in what was typed. An empty slug is made from the title, an empty zone is UTC.
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
            default_order,
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
    /// The order its pages begin in.
    pub default_order: Order,
}

impl EntryEdit {
    /// Takes in what was typed; an empty zone is UTC.
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
            default_order,
        })
    }

    /// What `entry` is.
    pub fn of(entry: &Entry) -> Self {
        Self {
            slug: entry.slug.clone(),
            title: entry.title.clone(),
            summary: entry.summary.clone(),
            time_zone: entry.time_zone.clone(),
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
