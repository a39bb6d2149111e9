//! Keeps the updates of entries that were read, so that a revision of a long entry costs the rows that
//! changed, and not all of its rows.

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

/// How much memory the kept updates may take, roughly.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// What an update takes beside its texts, in bytes.
const OVERHEAD: usize = 400;
/// After how long all rows are read again: an operator may have repaired one without a revision.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The updates of entries as they were read last.
pub struct KeptUpdates(Cache<EntryId, Arc<Kept>>);

/// The updates of an entry at one revision, oldest first, without deleted ones.
struct Kept {
    epoch: Epoch,
    head: Rev,
    updates: Vec<Arc<LiveUpdate>>,
    /// When all rows were read.
    read_at: Instant,
}

impl Default for KeptUpdates {
    fn default() -> Self {
        fn weight(kept: &Kept) -> u32 {
            let bytes = kept
                .updates
                .iter()
                .map(|update| OVERHEAD + update.source.len() + update.html.as_str().len());
            u32::try_from(bytes.sum::<usize>()).unwrap_or(u32::MAX)
        }

        Self(
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, kept: &Arc<Kept>| weight(kept))
                .build(),
        )
    }
}

impl KeptUpdates {
    /// Returns the updates of `entry` as `snapshot` has them, oldest first, without deleted ones. Only
    /// rows that changed since the last call are read.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn read(
        &self,
        snapshot: &mut Snapshot,
        entry: &Entry,
    ) -> Result<Vec<Arc<LiveUpdate>>> {
        let kept = self.0.get(&entry.id).filter(|kept| {
            kept.epoch == entry.epoch && kept.head <= entry.head && kept.read_at.elapsed() < MAX_AGE
        });
        if let Some(kept) = kept {
            if kept.head == entry.head {
                return Ok(kept.updates.clone());
            }
            let changed = snapshot.updates_changed_since(entry.id, kept.head).await?;
            if changed.is_whole() {
                let updates = apply(&kept.updates, changed);
                self.keep(entry, &updates, kept.read_at);
                return Ok(updates);
            }
        }
        let read_at = Instant::now();
        let updates = snapshot.updates(entry.id).await?;
        let updates: Vec<_> = updates.into_iter().map(Arc::new).collect();
        self.keep(entry, &updates, read_at);
        Ok(updates)
    }

    fn keep(&self, entry: &Entry, updates: &[Arc<LiveUpdate>], read_at: Instant) {
        let kept = Kept {
            epoch: entry.epoch.clone(),
            head: entry.head,
            updates: updates.to_vec(),
            read_at,
        };
        self.0.insert(entry.id, Arc::new(kept));
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

impl fmt::Debug for KeptUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptUpdates")
            .field("entries", &self.0.entry_count())
            .finish()
    }
}
