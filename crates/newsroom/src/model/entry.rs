//! A live blog, as use cases and pages use it.

use std::sync::Arc;

use domain::{
    ChatSetting, Cursor, EntryId, EntryState, Epoch, Invalid, Language, Order, Rev, Slug, Summary,
    Timestamp, Title, ZoneName, hygiene,
};

use super::{
    article::RenderedArticle,
    language,
    update::LiveUpdate,
    zone::{self, LocalTime},
};
use crate::SafeHtml;

/// A live blog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The epoch of its revisions and of its updates' revisions.
    pub epoch: Epoch,
    /// Its id.
    pub id: EntryId,
    /// Its current slug.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// Its description.
    pub summary: Summary,
    /// Its state.
    pub state: EntryState,
    /// The time zone in which its times are displayed.
    pub time_zone: ZoneName,
    /// The language of its text: its own, or the site's.
    pub language: Language,
    /// Its own language, if set.
    pub own_language: Option<Language>,
    /// When it started, or was created if it has not started.
    pub starts_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// The order in which its pages list updates at first.
    pub default_order: Order,
    /// Whether its pages lead to its chat.
    pub has_chat: bool,
    /// The revision of the last change to the entry itself.
    pub rev: Rev,
    /// The revision of the last change to the entry or any of its updates.
    pub head: Rev,
}

impl Entry {
    /// Returns the base of an edit of the article, as it is in the same snapshot.
    pub const fn article_base(&self) -> Cursor {
        Cursor::new(self.epoch, self.head)
    }

    /// Returns the time or period in which it is live, in its own zone, as text to display.
    pub fn since(&self) -> String {
        let parts = self.since_parts();
        parts.iter().map(SincePart::as_str).collect()
    }

    /// Returns the parts of [`Entry::since`]: words, and the times between them.
    pub fn since_parts(&self) -> Vec<SincePart> {
        let local = |at| LocalTime::new(at, &self.time_zone);
        let moment = |at, text| SincePart::Moment(at, text);
        let full = |at| moment(at, local(at).full());
        match (self.state, self.ended_at) {
            (EntryState::Upcoming, _) => vec![SincePart::Words("Not started yet")],
            (_, Some(ended_at)) => {
                let (began, ended) = (local(self.starts_at), local(ended_at));
                // On the same day the date is shown once, and so is the zone unless the clocks
                // changed.
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
    /// Text between times.
    Words(&'static str),
    /// A time, and its text in the entry's zone.
    Moment(Timestamp, String),
}

impl SincePart {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Words(words) => words,
            Self::Moment(_, text) => text,
        }
    }
}

/// A live blog to create.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The slug, if one was entered; otherwise derived from the title.
    pub slug: Option<Slug>,
    /// Its title.
    pub title: Title,
    /// Its description.
    pub summary: Summary,
    /// The article above its updates, if any.
    pub article: Option<RenderedArticle>,
    /// Its initial state.
    pub state: EntryState,
    /// The time zone in which its times are displayed.
    pub time_zone: ZoneName,
    /// The language of its text; `None` for the site's.
    pub language: Option<Language>,
    /// The order in which its pages list updates at first.
    pub default_order: Order,
    /// Whether it has a chat.
    pub chat: ChatSetting,
}

impl NewEntry {
    /// Parses the fields of a form. An empty slug is derived from the title, an empty zone is UTC.
    /// The language is the site's, and there is no article and no chat.
    ///
    /// # Errors
    /// Returns a message for the person who entered them.
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
            article: None,
            state,
            time_zone: zone_or_utc(time_zone)?,
            language: None,
            default_order,
            chat: ChatSetting::Off,
        })
    }

    /// Sets the language; an empty tag is the site's.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn in_language(self, tag: &str) -> Result<Self, Invalid> {
        Ok(Self {
            language: language::parse_if_any(tag)?,
            ..self
        })
    }
}

/// The editable details of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryEdit {
    /// Its slug. The previous one redirects to it.
    pub slug: Slug,
    /// Its title.
    pub title: Title,
    /// Its description.
    pub summary: Summary,
    /// The article above its updates; `None` to keep the current one.
    pub article: Option<RenderedArticle>,
    /// The revision that the article is based on; `None` to replace any.
    pub article_base: Option<Cursor>,
    /// The time zone in which its times are displayed.
    pub time_zone: ZoneName,
    /// The language of its text; `None` for the site's.
    pub language: Option<Language>,
    /// The order in which its pages list updates at first.
    pub default_order: Order,
    /// Whether it has a chat; `None` to keep the current setting.
    pub chat: Option<ChatSetting>,
}

impl EntryEdit {
    /// Parses the fields of a form. An empty zone is UTC. The language is the site's, and the
    /// article and the chat are kept.
    ///
    /// # Errors
    /// Returns a message for the person who entered them.
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
            article: None,
            article_base: None,
            time_zone: zone_or_utc(time_zone)?,
            language: None,
            default_order,
            chat: None,
        })
    }

    /// Sets the language; an empty tag is the site's.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn in_language(self, tag: &str) -> Result<Self, Invalid> {
        Ok(Self {
            language: language::parse_if_any(tag)?,
            ..self
        })
    }

    /// Returns the current details of `entry`, which keep its article.
    pub fn of(entry: &Entry) -> Self {
        Self {
            slug: entry.slug.clone(),
            title: entry.title.clone(),
            summary: entry.summary.clone(),
            article: None,
            article_base: None,
            time_zone: entry.time_zone.clone(),
            language: entry.own_language.clone(),
            default_order: entry.default_order,
            chat: None,
        }
    }
}

fn zone_or_utc(name: &str) -> Result<ZoneName, Invalid> {
    zone::parse(match &*hygiene::clean_line(name) {
        "" => "UTC",
        name => name,
    })
}

/// The content of an entry's page, read in one snapshot.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entry.
    pub entry: Entry,
    /// The article above its updates; empty if it has none.
    pub article: SafeHtml,
    /// Its updates, oldest first.
    pub updates: Vec<Arc<LiveUpdate>>,
    /// The cursor of the entry's feed at the time of reading.
    pub cursor: Cursor,
}
