//! The state of every feed, in memory, and the replay buffers of the feeds with subscriptions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use domain::{Cursor, EntryId, EntryState, Epoch, FeedId, Head, Rev, Slug};
use tokio::sync::{Notify, watch};

use super::{
    Event, Subscription,
    replay_buffer::{CloseReason, ReplayBuffer},
};
use crate::storage::EntryHead;

/// The state of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHead {
    /// The current epoch.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
    /// The entry's state. The feed of all entries is always live.
    pub state: EntryState,
}

/// The state of all feeds, updated only by the tailer and read by all connections.
#[derive(Debug)]
pub struct Hub {
    state: RwLock<HubState>,
    published: watch::Sender<Rev>,
    committed: watch::Sender<Rev>,
    /// Wakes the tailer.
    pub(super) wakeup: Notify,
    /// When the tailer last read the database.
    last_read: Mutex<Instant>,
}

/// The feeds are stale if the tailer has not read the database for this time: ten times its
/// interval.
const STALE_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct HubState {
    epoch: Epoch,
    /// The last revision of any public entry. Public entries never become drafts again.
    public_head: Rev,
    entries: HashMap<EntryId, EntryHead>,
    slugs: HashMap<Slug, EntryId>,
    buffers: HashMap<FeedId, Arc<ReplayBuffer>>,
    closing: bool,
}

impl Hub {
    /// Creates an empty hub in `epoch`.
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            state: RwLock::new(HubState {
                epoch,
                public_head: 0,
                entries: HashMap::new(),
                slugs: HashMap::new(),
                buffers: HashMap::new(),
                closing: false,
            }),
            published: watch::Sender::new(0),
            committed: watch::Sender::new(0),
            wakeup: Notify::new(),
            last_read: Mutex::new(Instant::now()),
        }
    }

    /// Returns the state of a feed; `None` if there is no such public entry.
    pub fn head(&self, feed: FeedId) -> Option<FeedHead> {
        self.state().head(feed)
    }

    /// Returns the public entry with the current slug `slug`, and the state of its feed.
    pub fn find(&self, slug: &Slug) -> Option<(EntryId, FeedHead)> {
        let state = self.state();
        let id = *state.slugs.get(slug)?;
        Some((id, state.head(FeedId::Entry(id))?))
    }

    /// Subscribes to a feed after `since`, or from now on; `None` if there is no such public entry.
    pub fn subscribe(&self, feed: FeedId, since: Option<Rev>) -> Option<Subscription> {
        let mut state = self.state_mut();
        let head = state.head(feed)?;
        let buffer = state
            .buffers
            .entry(feed)
            .or_insert_with(|| Arc::new(ReplayBuffer::new(head.head, head.state)))
            .clone();
        if state.closing {
            buffer.close(CloseReason::Closing);
        }
        Some(Subscription::new(buffer, since))
    }

    /// Returns the number of feeds with subscriptions.
    pub fn open_feeds(&self) -> usize {
        self.state().buffers.len()
    }

    /// Wakes the tailer to read new changes.
    pub fn wake(&self) {
        self.wakeup.notify_one();
    }

    /// Notifies the tailer and the other servers that this server committed `rev`.
    pub(crate) fn commit(&self, rev: Rev) {
        self.committed.send_if_modified(|last| {
            let newer = rev > *last;
            *last = rev.max(*last);
            newer
        });
        self.wake();
    }

    /// Returns a receiver of the last revision that this server committed.
    pub(crate) fn committed(&self) -> watch::Receiver<Rev> {
        self.committed.subscribe()
    }

    /// Returns the last revision that was published to the connections.
    pub(super) fn published_rev(&self) -> Rev {
        *self.published.borrow()
    }

    /// Waits until all changes up to `rev` are published to the connections.
    pub async fn published(&self, rev: Rev) {
        let mut published = self.published.subscribe();
        // The sender lives as long as this hub.
        let _ = published.wait_for(|at| *at >= rev).await;
    }

    /// Closes all connections, current and future, with a `bye` event.
    pub fn close(&self) {
        let mut state = self.state_mut();
        state.closing = true;
        for buffer in state.buffers.values() {
            buffer.close(CloseReason::Closing);
        }
    }

    /// Returns whether the server is shutting down.
    pub fn is_closing(&self) -> bool {
        self.state().closing
    }

    /// Sends a heartbeat to all connections, created by `make` once for each feed, and drops the
    /// replay buffers of feeds without subscriptions.
    pub(super) fn send_heartbeats(&self, make: impl Fn(&FeedHead) -> Head) {
        let mut state = self.state_mut();
        state.buffers.retain(|_, buffer| !buffer.is_idle());
        for (feed, buffer) in &state.buffers {
            if let Some(head) = state.head(*feed) {
                buffer.send_heartbeat(Event::heartbeat(&make(&head)));
            }
        }
    }

    /// Applies the new heads of changed entries, and returns the replay buffers to fill.
    pub(super) fn apply(&self, entries: Vec<EntryHead>) -> Vec<(FeedId, Arc<ReplayBuffer>)> {
        let mut state = self.state_mut();
        let mut feeds = Vec::new();
        if !entries.is_empty() {
            feeds.push(FeedId::All);
        }
        for entry in entries {
            feeds.push(FeedId::Entry(entry.id));
            state.add(entry);
        }
        feeds
            .into_iter()
            .filter_map(|feed| Some((feed, state.buffers.get(&feed)?.clone())))
            .collect()
    }

    /// Records that the tailer has read the database, and has published all changes up to `rev`.
    pub(super) fn record_published(&self, rev: Rev) {
        *self
            .last_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.published.send_replace(rev);
    }

    /// Returns the time since the tailer last read the database. The feeds' state may be outdated
    /// by this time.
    pub fn time_since_read(&self) -> Duration {
        let last_read = self
            .last_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_read.elapsed()
    }

    /// Returns whether the tailer has not read the database for ten seconds.
    pub(crate) fn is_stale(&self) -> bool {
        let last_read = self
            .last_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_read.elapsed() > STALE_AFTER
    }

    /// Returns the replay buffers of those of `feeds` that have one.
    pub(super) fn buffers<'a>(
        &self,
        feeds: impl IntoIterator<Item = &'a FeedId>,
    ) -> Vec<(FeedId, Arc<ReplayBuffer>)> {
        let state = self.state();
        feeds
            .into_iter()
            .filter_map(|&feed| Some((feed, state.buffers.get(&feed)?.clone())))
            .collect()
    }

    /// Closes the connections of a feed that can't be read. Their clients reconnect, which reads
    /// the database again, and poll if that fails too.
    pub(super) fn close_feed(&self, feed: FeedId) {
        if let Some(buffer) = self.state_mut().buffers.remove(&feed) {
            buffer.close(CloseReason::Closing);
        }
    }

    /// Returns the epoch that the hub is in.
    pub(super) fn epoch(&self) -> Epoch {
        self.state().epoch
    }

    /// Returns the cursor at `rev` in the current epoch.
    pub(super) fn cursor(&self, rev: Rev) -> Cursor {
        Cursor::new(self.epoch(), rev)
    }

    /// Begins another epoch with `entries`. Closes every connection with a reset, after which its
    /// client fetches everything again.
    pub(super) fn reset(&self, epoch: Epoch, entries: Vec<EntryHead>) {
        let mut state = self.state_mut();
        // Revisions may begin again at a lower number: every later commit is new.
        self.committed.send_if_modified(|last| {
            *last = 0;
            false
        });
        state.epoch = epoch;
        state.public_head = 0;
        state.entries.clear();
        state.slugs.clear();
        for entry in entries {
            state.add(entry);
        }
        for (_, buffer) in state.buffers.drain() {
            buffer.close(CloseReason::Reset);
        }
    }

    fn state(&self) -> RwLockReadGuard<'_, HubState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, HubState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HubState {
    fn add(&mut self, entry: EntryHead) {
        if entry.state.is_public() {
            self.public_head = self.public_head.max(entry.head);
        }
        let (id, slug) = (entry.id, entry.slug.clone());
        if let Some(before) = self.entries.insert(id, entry)
            && before.slug != slug
            && self.slugs.get(&before.slug) == Some(&id)
        {
            // The previous slug, unless another entry uses it by now.
            self.slugs.remove(&before.slug);
        }
        self.slugs.insert(slug, id);
    }

    fn head(&self, feed: FeedId) -> Option<FeedHead> {
        let (head, state) = match feed {
            FeedId::All => (self.public_head, EntryState::Live),
            FeedId::Entry(id) => {
                let entry = self.entries.get(&id).filter(|e| e.state.is_public())?;
                (entry.head, entry.state)
            }
        };
        Some(FeedHead {
            epoch: self.epoch,
            head,
            state,
        })
    }
}
