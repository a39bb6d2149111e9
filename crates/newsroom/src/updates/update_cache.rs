//! A cache of entries' updates. After a revision of a long entry, only the changed rows are read.

use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{EntryId, Epoch, Rev};
use moka::sync::Cache;

use crate::{
    Entry, LiveUpdate, Result,
    storage::{ChangedUpdates, Snapshot},
};

/// The approximate size of the cache, in bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// The size of an update without its texts, in bytes.
const OVERHEAD: usize = 400;
/// How long updates are cached before all rows are read again, since an operator may change rows
/// without a revision.
const MAX_AGE: Duration = Duration::from_mins(1);

/// A cache of the updates of entries.
pub struct UpdateCache(Cache<EntryId, Arc<CachedUpdates>>);

/// The updates of an entry at one revision, oldest first, without deleted ones.
struct CachedUpdates {
    epoch: Epoch,
    head: Rev,
    updates: Vec<Arc<LiveUpdate>>,
    /// When all rows were read.
    read_at: Instant,
}

impl Default for UpdateCache {
    fn default() -> Self {
        fn weight(cached: &CachedUpdates) -> u32 {
            let bytes = cached
                .updates
                .iter()
                .map(|update| OVERHEAD + update.html.as_str().len());
            u32::try_from(bytes.sum::<usize>()).unwrap_or(u32::MAX)
        }

        Self(
            Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, cached: &Arc<CachedUpdates>| weight(cached))
                .build(),
        )
    }
}

impl UpdateCache {
    /// Returns the updates of `entry` in `snapshot`, oldest first, without deleted ones. Reads only
    /// the rows that changed since the last call.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn read(
        &self,
        snapshot: &mut Snapshot,
        entry: &Entry,
    ) -> Result<Vec<Arc<LiveUpdate>>> {
        let cached = self.0.get(&entry.id).filter(|cached| {
            cached.epoch == entry.epoch
                && cached.head <= entry.head
                && cached.read_at.elapsed() < MAX_AGE
        });
        if let Some(cached) = cached {
            if cached.head == entry.head {
                return Ok(cached.updates.clone());
            }
            let changed = snapshot
                .updates_changed_since(entry.id, cached.head)
                .await?;
            if changed.is_whole() {
                let updates = apply(&cached.updates, changed);
                self.insert(entry, &updates, cached.read_at);
                return Ok(updates);
            }
        }
        let read_at = Instant::now();
        let updates = snapshot.updates(entry.id).await?;
        let updates: Vec<_> = updates.into_iter().map(Arc::new).collect();
        self.insert(entry, &updates, read_at);
        Ok(updates)
    }

    fn insert(&self, entry: &Entry, updates: &[Arc<LiveUpdate>], read_at: Instant) {
        let cached = CachedUpdates {
            epoch: entry.epoch,
            head: entry.head,
            updates: updates.to_vec(),
            read_at,
        };
        self.0.insert(entry.id, Arc::new(cached));
    }
}

/// Returns `updates` with the changed ones replaced, added or removed.
fn apply(updates: &[Arc<LiveUpdate>], changed: ChangedUpdates) -> Vec<Arc<LiveUpdate>> {
    let ids: HashSet<_> = changed.updates.iter().map(|update| update.id).collect();
    let unchanged = updates.iter().filter(|update| !ids.contains(&update.id));
    let mut updates: Vec<_> = unchanged.cloned().collect();
    let current = changed.updates.into_iter();
    updates.extend(
        current
            .filter(|update| update.deleted_at.is_none())
            .map(Arc::new),
    );
    updates.sort_by_key(|update| (update.posted_at, update.id));
    updates
}

impl fmt::Debug for UpdateCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateCache")
            .field("entries", &self.0.entry_count())
            .finish()
    }
}
