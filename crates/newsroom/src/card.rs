//! The finished pieces of pages, made by the renderers that the pages use: updates' cards, once for each
//! revision, and what stands above them.

use std::{fmt, sync::Arc};

use domain::{Rev, UpdateId};
use moka::sync::Cache;

use crate::{Entry, LiveUpdate};

/// Makes an update's card: one element, the same bytes on every road.
pub type CardRenderer = Arc<dyn Fn(&Entry, &LiveUpdate) -> String + Send + Sync>;

/// Makes what stands above an entry's list, of the updates that are pinned or key; nothing of none.
pub type HighlightsRenderer = Arc<dyn Fn(&Entry, &[LiveUpdate]) -> String + Send + Sync>;

/// How much memory finished cards may take; what isn't asked for any more goes first.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The cards that were made, by update and revision.
#[derive(Clone)]
pub struct Cards {
    render: CardRenderer,
    render_highlights: HighlightsRenderer,
    made: Cache<(UpdateId, Rev), Arc<str>>,
}

impl Cards {
    pub(crate) fn new(render: CardRenderer, render_highlights: HighlightsRenderer) -> Self {
        let made = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, card: &Arc<str>| u32::try_from(card.len()).unwrap_or(u32::MAX))
            .build();
        Self {
            render,
            render_highlights,
            made,
        }
    }

    /// The card of `update`.
    pub fn card(&self, entry: &Entry, update: &LiveUpdate) -> Arc<str> {
        self.made.get_with((update.id, update.rev), || {
            (self.render)(entry, update).into()
        })
    }

    /// What stands above the list of `entry`, of which `highlights` are the updates that are pinned or key.
    pub fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String {
        (self.render_highlights)(entry, highlights)
    }

    /// Forgets everything: revisions of another epoch are not the same revisions.
    pub(crate) fn forget(&self) {
        self.made.invalidate_all();
    }
}

impl fmt::Debug for Cards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cards")
            .field("made", &self.made.entry_count())
            .finish_non_exhaustive()
    }
}
