//! Keeps the parts of long lists of cards. A revision changes one part; the others are the same bytes,
//! which need neither be put together nor be compressed again.

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

/// How much memory kept parts may take.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// What a part takes beside its HTML: its key and its place in the cache, in bytes.
const OVERHEAD: usize = 2048;

/// Consecutive cards of a list.
#[derive(Debug)]
pub struct ListPart {
    number: u64,
    html: Bytes,
}

/// How cards are put together. Each form of a part is kept by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListForm {
    /// The list of an entry's page.
    Page(Order),
    /// Cards alone, one after the other.
    Block(Order),
}

/// The parts that were made; cheap to clone.
#[derive(Clone)]
pub struct ListParts(Cache<Key, Arc<ListPart>>);

/// What decides about a part's bytes: a card is the same for the same revision of its update.
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

    /// Returns the part's number, which no other part of this process has.
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
                .max_capacity(MAX_BYTES)
                .weigher(|_, part: &Arc<ListPart>| {
                    u32::try_from(OVERHEAD + part.html.len()).unwrap_or(u32::MAX)
                })
                .build(),
        )
    }
}

impl ListParts {
    /// Returns the part that `updates` of `entry` make in `form`. `make` puts it together if it isn't kept.
    pub fn get(
        &self,
        entry: &Entry,
        form: ListForm,
        updates: &[Arc<LiveUpdate>],
        make: impl FnOnce() -> String,
    ) -> Arc<ListPart> {
        let key = Key {
            epoch: entry.epoch.clone(),
            form,
            updates: updates.iter().map(|it| (it.id, it.rev)).collect(),
        };
        self.0.get_with(key, || Arc::new(ListPart::new(make())))
    }
}

impl fmt::Debug for ListParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListParts")
            .field("kept", &self.0.entry_count())
            .finish()
    }
}
