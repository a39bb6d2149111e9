//! What is to change of what is there; what is left out stays.

use domain::{
    Draft, EntryState, Headline, Invalid, Language, Mark, Order, Slug, Source, Summary, Timestamp,
    Title, ZoneName,
};

use crate::{Entry, EntryEdit, Error, Result};

/// What is to change of an update; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct UpdatePatch {
    /// What its author wrote.
    pub source: Option<Source>,
    /// The line above it, or that there is to be none.
    pub headline: Option<Option<Headline>>,
    /// Whether it is one of the entry's key moments.
    pub key: Option<bool>,
    /// Whether it is the one that is shown at the top as well.
    pub pinned: Option<bool>,
}

impl UpdatePatch {
    /// Another text and headline.
    pub fn text(draft: &Draft) -> Self {
        Self {
            source: Some(draft.source.clone()),
            headline: Some(draft.headline.clone()),
            ..Self::default()
        }
    }

    /// What it says, for the hash of a request: a field's name, then its value; nothing of what it leaves
    /// out.
    pub(crate) fn parts(&self) -> Vec<String> {
        let Self {
            source,
            headline,
            key,
            pinned,
        } = self;
        let headline = headline.as_ref().map(|headline| match headline {
            Some(headline) => headline.to_string(),
            None => String::new(),
        });
        named_parts([
            ("source", source.as_ref().map(Source::to_string)),
            ("headline", headline),
            ("key", key.map(|key| key.to_string())),
            ("pinned", pinned.map(|pinned| pinned.to_string())),
        ])
    }

    /// A mark that is set, or taken off.
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

/// What is to change of an entry; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct EntryPatch {
    /// Its name in addresses; the old one leads to it.
    pub slug: Option<Slug>,
    /// Its title.
    pub title: Option<Title>,
    /// What it is about.
    pub summary: Option<Summary>,
    /// The zone its times are shown in.
    pub time_zone: Option<ZoneName>,
    /// The language of its texts, or that it is to have the site's.
    pub language: Option<Option<Language>>,
    /// The order its pages begin in.
    pub default_order: Option<Order>,
    /// Where it is in its life: live starts it, or starts it again, and ended ends it.
    pub state: Option<EntryState>,
}

impl EntryPatch {
    /// Everything that is edited in one form.
    pub fn edit(edit: &EntryEdit) -> Self {
        Self {
            slug: Some(edit.slug.clone()),
            title: Some(edit.title.clone()),
            summary: Some(edit.summary.clone()),
            time_zone: Some(edit.time_zone.clone()),
            language: Some(edit.language.clone()),
            default_order: Some(edit.default_order),
            state: None,
        }
    }

    /// Another state.
    pub fn state(state: EntryState) -> Self {
        Self {
            state: Some(state),
            ..Self::default()
        }
    }

    /// What it says, for the hash of a request, as [`UpdatePatch::parts`].
    pub(crate) fn parts(&self) -> Vec<String> {
        let Self {
            slug,
            title,
            summary,
            time_zone,
            language,
            default_order,
            state,
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
        ])
    }

    /// What `entry` becomes by it at `now`, on a site of `site_language`.
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
            time_zone,
            language,
            default_order,
            state,
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
        if let Some(state) = state.filter(|&state| state != entry.state) {
            bring_to(&mut after, state, now)?;
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

/// Brings an entry to a state that it isn't in, if it may come to that.
fn bring_to(entry: &mut Entry, state: EntryState, now: Timestamp) -> Result<()> {
    match (entry.state, state) {
        (_, EntryState::Draft | EntryState::Upcoming) => {
            return Err(Error::Invalid(Invalid::new(
                "state",
                "An entry can be made live, or ended; it becomes no draft and is not announced any more.",
            )));
        }
        (EntryState::Draft | EntryState::Upcoming, EntryState::Ended) => {
            return Err(Error::Forbidden(
                "This entry has not started, so it can't be ended.",
            ));
        }
        (EntryState::Draft | EntryState::Upcoming, EntryState::Live) => entry.starts_at = now,
        (EntryState::Live | EntryState::Ended, EntryState::Live) => entry.ended_at = None,
        (EntryState::Live | EntryState::Ended, EntryState::Ended) => entry.ended_at = Some(now),
    }
    entry.state = state;
    Ok(())
}
