//! What the feed in memory needs of the feeds of a capability: [`FeedSource`].

use std::{fmt, sync::Arc};

use domain::{Cursor, EntryState, Epoch, FeedId, Reset, Rev, Slug};
use futures::future::BoxFuture;

use super::Frame;
use crate::{
    Error, Result,
    storage::{Counter, Snapshot, Store},
};

/// The feeds of a capability, in the database. They share a revision counter. The tailer reads
/// their heads and their changes; clients that are further behind read the changes, too.
///
/// One source may fail (a stored value that can't be decoded, a panic) without affecting the feeds
/// of the others.
pub trait FeedSource: fmt::Debug + Send + Sync {
    /// Returns the counter of all revisions in these feeds.
    fn counter(&self) -> Counter;

    /// Returns the heads of the feeds that changed after `since`; of all feeds if it is zero. Only
    /// feeds that clients may read.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    fn heads_since<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        since: Rev,
    ) -> BoxFuture<'a, Result<Vec<SourceHead>>>;

    /// Returns the head of `feed`; `None` if this source has no such feed, or clients may not read
    /// it.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    fn head<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<Option<SourceHead>>>;

    /// Reads the changes of `feed` after `since`, as one batch. `epoch` is the current one. A batch
    /// has a bounded size; `more` is set if the feed has more changes.
    ///
    /// # Errors
    /// Returns [`Error::Reset`] if `since` can't be continued (see [`check_cursor`]),
    /// [`Error::NotFound`] if there is no such feed, and an error if the database can't be reached.
    fn changes<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> BoxFuture<'a, Result<Frame>>;
}

/// The last change of a feed, as its source reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHead {
    /// The feed.
    pub feed: FeedId,
    /// The revision of its last change.
    pub head: Rev,
    /// The state that clients receive. After the last change of a feed that has ended, its streams
    /// are closed. A draft is a feed that clients may not, or no longer, read.
    pub state: EntryState,
    /// The slug by which pages find the feed of an entry.
    pub slug: Option<Slug>,
}

/// The sources of a newsroom; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sources(Arc<[Arc<dyn FeedSource>]>);

impl Sources {
    pub(crate) fn new(sources: impl IntoIterator<Item = Arc<dyn FeedSource>>) -> Self {
        Self(sources.into_iter().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn FeedSource>> {
        self.0.iter()
    }

    /// Returns the source with `counter`.
    pub(super) fn with(&self, counter: Counter) -> Option<&Arc<dyn FeedSource>> {
        self.iter().find(|source| source.counter() == counter)
    }
}

/// Checks that a feed can be continued at `since`: it belongs to the current `epoch`, and is not
/// after `last`, the last revision that any client can have. `head` is the feed's own last
/// revision.
///
/// # Errors
/// Returns [`Error::Reset`] if it can't.
pub fn check_cursor(since: &Cursor, epoch: Epoch, last: Rev, head: Rev) -> Result<()> {
    if since.epoch == epoch && since.rev <= last {
        return Ok(());
    }
    Err(Error::Reset(Reset::new(epoch, head)))
}

/// Reads the changes of a feed of `source` after `since` in one snapshot.
///
/// # Errors
/// See [`FeedSource::changes`].
pub async fn read_changes(
    store: &Store,
    source: &dyn FeedSource,
    feed: FeedId,
    since: Cursor,
) -> Result<Frame> {
    let mut snapshot = store.snapshot().await?;
    let epoch = snapshot.feed().await?.epoch;
    source.changes(&mut snapshot, epoch, feed, since).await
}
