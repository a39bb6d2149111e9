//! The finished pieces of pages, made by the renderers that the pages use: updates' cards, once for each
//! revision, and what is made of an entry's updates elsewhere.

use std::{fmt, sync::Arc};

use domain::{Epoch, Rev, UpdateId};
use moka::sync::Cache;

use crate::{Entry, ListParts, LiveUpdate};

/// What makes the pieces: each is the same bytes on every transport.
#[derive(Clone)]
pub struct Renderers {
    /// Makes an update's card: one element.
    pub card: Renderer<LiveUpdate>,
    /// Makes what stands above an entry's list, of the updates that are pinned or key; nothing of none.
    pub highlights: Renderer<[LiveUpdate]>,
    /// Makes an entry's line on the front page, with its latest update if it has any: one element.
    pub line: SummaryRenderer,
    /// Makes since when an entry is live, with its moments as `<time>` elements.
    pub since: EntryRenderer,
}

/// Makes a piece of an entry's page, of what the piece is about.
pub type Renderer<T> = Arc<dyn Fn(&Entry, &T) -> String + Send + Sync>;

/// Makes a piece of a page, of an entry alone.
pub type EntryRenderer = Arc<dyn Fn(&Entry) -> String + Send + Sync>;

/// Makes an entry's line of its latest update, if it has any.
pub type SummaryRenderer = Arc<dyn Fn(&Entry, Option<&LiveUpdate>) -> String + Send + Sync>;

/// How much memory finished cards may take; what isn't asked for any more goes first.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The renderers, and the cards that were made, by update and revision.
#[derive(Clone)]
pub struct Cards {
    render: Renderers,
    made: Cache<(Epoch, UpdateId, Rev), Arc<str>>,
    parts: ListParts,
}

impl Cards {
    pub(crate) fn new(render: Renderers) -> Self {
        let made = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, card: &Arc<str>| u32::try_from(card.len()).unwrap_or(u32::MAX))
            .build();
        Self {
            render,
            made,
            parts: ListParts::default(),
        }
    }

    /// The card of `update`.
    pub fn card(&self, entry: &Entry, update: &LiveUpdate) -> Arc<str> {
        let key = (entry.epoch.clone(), update.id, update.rev);
        self.made
            .get_with(key, || (self.render.card)(entry, update).into())
    }

    /// Returns the parts of lists that were made of cards.
    pub const fn parts(&self) -> &ListParts {
        &self.parts
    }

    /// What stands above the list of `entry`, of which `highlights` are the updates that are pinned or key.
    pub fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String {
        (self.render.highlights)(entry, highlights)
    }

    /// Since when `entry` is live, as HTML.
    pub fn since(&self, entry: &Entry) -> String {
        (self.render.since)(entry)
    }

    /// The line of `entry` on the front page, of which `latest` is the latest update.
    pub fn line(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String {
        (self.render.line)(entry, latest)
    }
}

impl fmt::Debug for Cards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cards")
            .field("made", &self.made.entry_count())
            .finish_non_exhaustive()
    }
}
