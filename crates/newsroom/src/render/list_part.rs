//! A cache of rendered parts of long lists. A revision changes one part; the others keep their
//! bytes, and are neither rendered nor compressed again.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use domain::{Epoch, Order, Rev, UpdateId};
use moka::sync::Cache;

use crate::{Entry, LiveUpdate};

/// The size of the cache, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// The size of a part without its HTML, in bytes: its key and the cache's own data.
const OVERHEAD: usize = 2048;

/// Consecutive cards of a list.
#[derive(Debug)]
pub struct ListPart {
    number: u64,
    html: Bytes,
}

/// The layout of cards in a part. Each layout is cached separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListForm {
    /// The list of an entry's page.
    Page(Order),
    /// A sequence of cards without a list around it.
    Block(Order),
}

/// The cache of parts; cheap to clone.
#[derive(Clone)]
pub struct ListParts(Cache<Key, Arc<ListPart>>);

/// The key of a part. A card's HTML depends only on its update and revision.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    epoch: Epoch,
    form: ListForm,
    updates: Box<[(UpdateId, Rev)]>,
}

impl ListPart {
    fn new(html: String) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            html: html.into(),
        }
    }

    /// Returns the part's number, which is unique in this process.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the HTML of the cards.
    pub const fn html(&self) -> &Bytes {
        &self.html
    }
}

impl Default for ListParts {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, part: &Arc<ListPart>| {
                    u32::try_from(OVERHEAD + part.html.len()).unwrap_or(u32::MAX)
                })
                .build(),
        )
    }
}

impl ListParts {
    /// Returns the part with `updates` of `entry` in `form`, and calls `make` if it is not cached.
    pub fn get(
        &self,
        entry: &Entry,
        form: ListForm,
        updates: &[Arc<LiveUpdate>],
        make: impl FnOnce() -> String,
    ) -> Arc<ListPart> {
        let key = Key {
            epoch: entry.epoch,
            form,
            updates: updates.iter().map(|it| (it.id, it.rev)).collect(),
        };
        self.0.get_with(key, || Arc::new(ListPart::new(make())))
    }
}

impl fmt::Debug for ListParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListParts")
            .field("parts", &self.0.entry_count())
            .finish()
    }
}
