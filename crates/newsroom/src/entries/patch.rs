//! Partial edits of updates and entries: the fields that a patch leaves out keep their values.

use domain::{
    ChatSetting, Cursor, Draft, EntryState, Headline, Invalid, Language, Mark, Order, Slug, Source,
    Summary, Timestamp, Title, ZoneName,
};

use crate::{EditableUpdate, Entry, EntryEdit, Error, RenderedArticle, Result};

/// A partial edit of an update.
#[derive(Clone, Debug, Default)]
pub struct UpdatePatch {
    /// The new text.
    pub source: Option<Source>,
    /// The new headline; `Some(None)` removes it.
    pub headline: Option<Option<Headline>>,
    /// Whether it is a key update.
    pub key: Option<bool>,
    /// Whether it is the pinned update.
    pub pinned: Option<bool>,
}

impl UpdatePatch {
    /// Returns the patch that replaces the text and the headline.
    pub fn text(draft: &Draft) -> Self {
        Self {
            source: Some(draft.source.clone()),
            headline: Some(draft.headline.clone()),
            ..Self::default()
        }
    }

    /// Returns the patch as parts of a request's hash: the name and the value of each field that it
    /// sets.
    pub(crate) fn parts(&self) -> Vec<String> {
        let Self {
            source,
            headline: _,
            key,
            pinned,
        } = self;
        named_parts([
            ("source", source.as_ref().map(Source::to_string)),
            ("headline", self.headline_text().map(str::to_owned)),
            ("key", key.map(|key| key.to_string())),
            ("pinned", pinned.map(|pinned| pinned.to_string())),
        ])
    }

    /// Returns the text of the new headline, which is empty if the patch removes it; `None` if the
    /// patch keeps the headline.
    pub(crate) fn headline_text(&self) -> Option<&str> {
        let headline = self.headline.as_ref()?;
        Some(headline.as_ref().map_or("", Headline::as_str))
    }

    /// Returns whether the patch replaces the text or the headline by another.
    pub(crate) fn changes_text_of(&self, current: &EditableUpdate) -> bool {
        let source = self.source.as_ref();
        source.is_some_and(|source| source.as_str() != current.source)
            || self
                .headline_text()
                .is_some_and(|headline| headline != current.headline())
    }

    /// Returns the patch that sets or removes a mark.
    pub fn mark(mark: Mark, on: bool) -> Self {
        match mark {
            Mark::Key => Self {
                key: Some(on),
                ..Self::default()
            },
            Mark::Pinned => Self {
                pinned: Some(on),
                ..Self::default()
            },
        }
    }
}

/// A partial edit of an entry.
#[derive(Clone, Debug, Default)]
pub struct EntryPatch {
    /// The new slug. The previous one redirects to it.
    pub slug: Option<Slug>,
    /// The new title.
    pub title: Option<Title>,
    /// The new description.
    pub summary: Option<Summary>,
    /// The new article; an empty one removes it.
    pub article: Option<RenderedArticle>,
    /// The revision that the article is based on; `None` to replace any.
    pub article_base: Option<Cursor>,
    /// The time zone in which its times are displayed.
    pub time_zone: Option<ZoneName>,
    /// The language of its text; `Some(None)` for the site's.
    pub language: Option<Option<Language>>,
    /// The order in which its pages list updates at first.
    pub default_order: Option<Order>,
    /// The new state: live starts or reopens the entry, ended ends it.
    pub state: Option<EntryState>,
    /// Whether it has a chat. Changed after all other fields, with the room.
    pub chat: Option<ChatSetting>,
}

impl EntryPatch {
    /// Returns the patch that replaces all details.
    pub fn edit(edit: &EntryEdit) -> Self {
        Self {
            slug: Some(edit.slug.clone()),
            title: Some(edit.title.clone()),
            summary: Some(edit.summary.clone()),
            article: edit.article.clone(),
            article_base: edit.article_base,
            time_zone: Some(edit.time_zone.clone()),
            language: Some(edit.language.clone()),
            default_order: Some(edit.default_order),
            state: None,
            chat: edit.chat,
        }
    }

    /// Returns the patch that changes the state.
    pub fn state(state: EntryState) -> Self {
        Self {
            state: Some(state),
            ..Self::default()
        }
    }

    /// Returns the patch as parts of a request's hash, as [`UpdatePatch::parts`].
    pub(crate) fn parts(&self) -> Vec<String> {
        let Self {
            slug,
            title,
            summary,
            article,
            article_base: _,
            time_zone,
            language,
            default_order,
            state,
            chat,
        } = self;
        let language = language.as_ref().map(|language| match language {
            Some(language) => language.to_string(),
            None => String::new(),
        });
        named_parts([
            ("slug", slug.as_ref().map(Slug::to_string)),
            ("title", title.as_ref().map(Title::to_string)),
            ("summary", summary.as_ref().map(Summary::to_string)),
            ("time_zone", time_zone.as_ref().map(ZoneName::to_string)),
            ("language", language),
            (
                "default_order",
                default_order.map(|order| order.to_string()),
            ),
            ("state", state.map(|state| state.to_string())),
            ("chat", chat.map(|chat| chat.to_string())),
            ("body", article.as_ref().map(|it| it.source.to_string())),
        ])
    }

    /// Returns `entry` changed by the patch at `now`, on a site in `site_language`. Ignores
    /// the article and the chat.
    pub(crate) fn applied_to(
        &self,
        entry: &Entry,
        site_language: &Language,
        now: Timestamp,
    ) -> Result<Entry> {
        let mut after = entry.clone();
        let Self {
            slug,
            title,
            summary,
            article: _,
            article_base: _,
            time_zone,
            language,
            default_order,
            state,
            chat,
        } = self.clone();
        after.slug = slug.unwrap_or(after.slug);
        after.title = title.unwrap_or(after.title);
        after.summary = summary.unwrap_or(after.summary);
        after.time_zone = time_zone.unwrap_or(after.time_zone);
        if let Some(language) = language {
            after.language = language.as_ref().unwrap_or(site_language).clone();
            after.own_language = language;
        }
        after.default_order = default_order.unwrap_or(after.default_order);
        after.has_chat = chat.map_or(after.has_chat, |chat| chat != ChatSetting::Off);
        if let Some(state) = state.filter(|&state| state != entry.state) {
            set_state(&mut after, state, now)?;
        }
        Ok(after)
    }
}

fn named_parts<const N: usize>(fields: [(&str, Option<String>); N]) -> Vec<String> {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some([name.to_owned(), value?]))
        .flatten()
        .collect()
}

/// Changes the state of an entry, if the transition is allowed.
fn set_state(entry: &mut Entry, state: EntryState, now: Timestamp) -> Result<()> {
    match (entry.state, state) {
        (_, EntryState::Draft | EntryState::Upcoming) => {
            return Err(Error::Invalid(Invalid::new(
                "state",
                "A live blog can be started or ended, but cannot go back to draft or upcoming.",
            )));
        }
        (EntryState::Draft | EntryState::Upcoming, EntryState::Ended) => {
            return Err(Error::Forbidden(
                "This live blog has not started, so it can't be ended.",
            ));
        }
        (EntryState::Draft | EntryState::Upcoming, EntryState::Live) => entry.starts_at = now,
        (EntryState::Live | EntryState::Ended, EntryState::Live) => entry.ended_at = None,
        (EntryState::Live | EntryState::Ended, EntryState::Ended) => entry.ended_at = Some(now),
    }
    entry.state = state;
    Ok(())
}
