//! The state of every feed, in memory, and the replay buffers of the feeds with subscriptions.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
    time::{Duration, Instant},
};

use domain::{Cursor, EntryId, EntryState, Epoch, FeedId, Head, Rev, Slug};
use tokio::sync::{Notify, watch};

use super::{
    Event, SourceHead, Subscription,
    recent_counts::{ChangedCounts, RecentCounts},
    replay_buffer::{CloseReason, ReplayBuffer},
    tap_queue::TapQueue,
};
use crate::storage::Counter;

/// The state of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHead {
    /// The current epoch.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
    /// The state that its source gives it: an entry's own.
    pub state: EntryState,
}

/// The state of all feeds, updated only by the tailer and read by all connections.
#[derive(Debug)]
pub struct Hub {
    state: RwLock<HubState>,
    /// The last revision of each counter that was published to the connections.
    published: watch::Sender<Revs>,
    /// The last revision of each counter that this server committed.
    committed: watch::Sender<Revs>,
    /// Wakes the tailer.
    pub(super) wakeup: Notify,
    /// When the tailer last read the database.
    last_read: Mutex<Instant>,
}

/// The feeds are stale if the tailer has not read the database for this time: ten times its
/// interval.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// The maximum number of rooms without a message that are remembered: anyone may open them.
const MAX_UNUSED: usize = 10_000;

/// A revision of each counter; 0 if it is missing.
pub(super) type Revs = HashMap<Counter, Rev>;

#[derive(Debug)]
struct HubState {
    epoch: Epoch,
    feeds: HashMap<FeedId, KnownFeed>,
    slugs: HashMap<Slug, EntryId>,
    /// The position up to which all counts were published.
    counted: Rev,
    buffers: HashMap<FeedId, Arc<ReplayBuffer>>,
    taps: Vec<Weak<TapQueue>>,
    closing: bool,
}

#[derive(Debug)]
struct KnownFeed {
    /// The counter of the feed's source.
    counter: Counter,
    head: SourceHead,
}

impl KnownFeed {
    /// Returns whether it is a room that is not in the database.
    fn is_unused(&self) -> bool {
        matches!(self.head.feed, FeedId::Room(_)) && self.head.head == 0
    }
}

/// A feed to publish.
#[derive(Clone, Debug)]
pub(super) struct ChangedFeed {
    /// Its id.
    pub id: FeedId,
    /// The counter of its source.
    pub counter: Counter,
    /// The replay buffer to fill.
    pub buffer: Arc<ReplayBuffer>,
}

impl Hub {
    /// Creates an empty hub in `epoch`.
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            state: RwLock::new(HubState {
                epoch,
                feeds: HashMap::new(),
                slugs: HashMap::new(),
                counted: 0,
                buffers: HashMap::new(),
                taps: Vec::new(),
                closing: false,
            }),
            published: watch::Sender::default(),
            committed: watch::Sender::default(),
            wakeup: Notify::new(),
            last_read: Mutex::new(Instant::now()),
        }
    }

    /// Returns the state of a feed; `None` if there is no such feed, or clients may not read it.
    pub fn head(&self, feed: FeedId) -> Option<FeedHead> {
        self.state().head(feed)
    }

    /// Returns the state of a feed, and the counter of its source.
    pub(super) fn head_and_counter(&self, feed: FeedId) -> Option<(FeedHead, Counter)> {
        let state = self.state();
        Some((state.head(feed)?, state.feeds.get(&feed)?.counter))
    }

    /// Returns the public entry with the current slug `slug`, and the state of its feed.
    pub fn find(&self, slug: &Slug) -> Option<(EntryId, FeedHead)> {
        let state = self.state();
        let id = *state.slugs.get(slug)?;
        Some((id, state.head(FeedId::Entry(id))?))
    }

    /// Adds a feed that was read from the database in `epoch`, and of which its source has reported
    /// no change: a room without a message, or the room of an entry that was published since. Adds
    /// nothing in another epoch, or if there are too many unused rooms. Unused rooms are removed at
    /// the next heartbeat, unless they have subscriptions.
    pub(super) fn add_found(&self, epoch: Epoch, counter: Counter, head: SourceHead) {
        let mut state = self.state_mut();
        if state.epoch != epoch || state.feeds.contains_key(&head.feed) {
            return;
        }
        let unused = state.feeds.values().filter(|known| known.is_unused());
        if head.head == 0 && unused.count() >= MAX_UNUSED {
            return;
        }
        state.add(counter, head);
    }

    /// Subscribes to a feed after `since`, or from now on; `None` if there is no such feed, or
    /// clients may not read it.
    pub fn subscribe(&self, feed: FeedId, since: Option<Rev>) -> Option<Subscription> {
        let mut state = self.state_mut();
        let head = state.head(feed)?;
        let buffer = state.buffer_or_new(feed, head.head, head.state);
        if state.closing {
            buffer.close(CloseReason::Closing);
        }
        Some(Subscription::new(buffer, since))
    }

    /// Adds a tap, until it is dropped.
    pub(super) fn add_tap(&self, queue: &Arc<TapQueue>) {
        let mut state = self.state_mut();
        if state.closing {
            queue.close();
        }
        state.taps.retain(|tap| tap.strong_count() > 0);
        state.taps.push(Arc::downgrade(queue));
    }

    /// Returns the replay buffer of a feed, if it has one.
    pub(super) fn buffer(&self, feed: FeedId) -> Option<Arc<ReplayBuffer>> {
        self.state().buffers.get(&feed).cloned()
    }

    /// Notifies the taps that a feed has changes after `since`.
    pub(super) fn notify_taps(&self, feed: FeedId, since: Rev) {
        for tap in self.state().open_taps() {
            tap.add(feed, since);
        }
    }

    /// Returns the number of feeds with replay buffers.
    pub fn open_feeds(&self) -> usize {
        self.state().buffers.len()
    }

    /// Returns the number of open streams of each feed that has any.
    pub fn open_streams(&self) -> Vec<(FeedId, i64)> {
        let state = self.state();
        let streams = |(feed, buffer): (&FeedId, &Arc<ReplayBuffer>)| {
            (
                *feed,
                i64::try_from(buffer.subscriptions()).unwrap_or(i64::MAX),
            )
        };
        let all = state.buffers.iter().map(streams);
        all.filter(|(_, streams)| *streams > 0).collect()
    }

    /// Wakes the tailer to read new changes.
    pub fn wake(&self) {
        self.wakeup.notify_one();
    }

    /// Notifies the tailer and the other servers that this server committed `rev` of `counter`.
    pub(crate) fn commit(&self, counter: Counter, rev: Rev) {
        self.committed.send_if_modified(|revs| {
            let last = revs.entry(counter).or_default();
            let newer = rev > *last;
            *last = rev.max(*last);
            newer
        });
        self.wake();
    }

    /// Returns a receiver of the last revisions that this server committed.
    pub(crate) fn committed(&self) -> watch::Receiver<Revs> {
        self.committed.subscribe()
    }

    /// Returns whether all changes up to `rev` of the counter `name` were published.
    pub(crate) fn has_published(&self, name: &str, rev: Rev) -> bool {
        let published = self.published.borrow();
        published
            .iter()
            .any(|(counter, &at)| counter.name() == name && at >= rev)
    }

    /// Waits until all changes up to `rev` of `counter` are published to the connections.
    pub(crate) async fn published(&self, counter: Counter, rev: Rev) {
        let mut published = self.published.subscribe();
        let is_published = |revs: &Revs| revs.get(&counter).is_some_and(|&at| at >= rev);
        // The sender lives as long as this hub.
        let _ = published.wait_for(is_published).await;
    }

    /// Closes all connections, current and future, with a `bye` event.
    pub fn close(&self) {
        let mut state = self.state_mut();
        state.closing = true;
        for buffer in state.buffers.values() {
            buffer.close(CloseReason::Closing);
        }
        for tap in state.open_taps() {
            tap.close();
        }
    }

    /// Returns whether the server is shutting down.
    pub fn is_closing(&self) -> bool {
        self.state().closing
    }

    /// Sends a heartbeat to all connections, created by `make` once for each feed. Drops the replay
    /// buffers of feeds without subscriptions, but not those that are still to be filled: of the
    /// `unread` feeds.
    pub(super) fn send_heartbeats(
        &self,
        unread: &HashSet<FeedId>,
        make: impl Fn(&FeedHead) -> Head,
    ) {
        let mut state = self.state_mut();
        state
            .buffers
            .retain(|feed, buffer| !buffer.is_idle() || unread.contains(feed));
        state.forget_unused();
        for (feed, buffer) in &state.buffers {
            if let Some(head) = state.head(*feed) {
                buffer.send_heartbeat(Event::heartbeat(&make(&head)));
            }
        }
    }

    /// Begins to publish counts after the position `at`: what changed before is unknown.
    pub(super) fn begin_counts(&self, epoch: &Epoch, at: Rev) {
        let mut state = self.state_mut();
        if state.epoch != *epoch {
            return;
        }
        state.counted = at;
        for buffer in state.buffers.values() {
            buffer.begin_counts(at);
        }
    }

    /// Sends the counts that changed in `feeds` up to the position `to`. Does nothing in another
    /// epoch.
    pub(super) fn publish_counts(
        &self,
        epoch: &Epoch,
        to: Rev,
        feeds: HashMap<FeedId, ChangedCounts>,
    ) {
        let mut state = self.state_mut();
        if state.epoch != *epoch {
            return;
        }
        state.counted = to;
        for (feed, counts) in feeds {
            if let Some(buffer) = state.buffers.get(&feed) {
                buffer.send_counts(&counts, to);
            }
        }
    }

    /// Applies the new heads of changed feeds of the source with `counter`. Returns the feeds to
    /// publish: those with a replay buffer, or all of them if there are taps. If the source
    /// `is_new`, its heads are no changes, so taps don't see them.
    pub(super) fn apply(
        &self,
        counter: Counter,
        heads: Vec<SourceHead>,
        is_new: bool,
    ) -> Vec<ChangedFeed> {
        let mut state = self.state_mut();
        let is_tapped = !is_new && state.open_taps().next().is_some();
        let mut changed = Vec::new();
        for head in heads {
            let id = head.feed;
            if !head.state.is_public() {
                state.hide(id);
                continue;
            }
            let before = state.add(counter, head);
            let buffer = if is_tapped {
                // Live until its changes are in the buffer.
                Some(state.buffer_or_new(id, before, EntryState::Live))
            } else {
                state.buffers.get(&id).cloned()
            };
            changed.extend(buffer.map(|buffer| ChangedFeed {
                id,
                counter,
                buffer,
            }));
        }
        changed
    }

    /// Records that the tailer has published all changes up to `revs`.
    pub(super) fn record_published(&self, revs: Revs) {
        self.published.send_replace(revs);
    }

    /// Records that the tailer has read the heads of all feeds.
    pub(super) fn record_read(&self) {
        *self
            .last_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
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

    /// Returns those of `feeds` that have a replay buffer.
    pub(super) fn with_buffers<'a>(
        &self,
        feeds: impl IntoIterator<Item = &'a FeedId>,
    ) -> Vec<ChangedFeed> {
        let state = self.state();
        feeds
            .into_iter()
            .filter_map(|&id| {
                Some(ChangedFeed {
                    id,
                    counter: state.feeds.get(&id)?.counter,
                    buffer: state.buffers.get(&id)?.clone(),
                })
            })
            .collect()
    }

    /// Closes the connections of a feed that can't be read. Their clients reconnect, which reads
    /// the database again, and poll if that fails too. Taps read the database, too.
    pub(super) fn close_feed(&self, feed: FeedId) {
        let mut state = self.state_mut();
        if let Some(buffer) = state.buffers.remove(&feed) {
            buffer.close(CloseReason::Closing);
            for tap in state.open_taps() {
                tap.add(feed, buffer.head());
            }
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

    /// Begins another epoch with the `heads` of every source. Closes every connection with a reset,
    /// after which its client fetches everything again.
    pub(super) fn reset(
        &self,
        epoch: Epoch,
        heads: impl IntoIterator<Item = (Counter, Vec<SourceHead>)>,
    ) {
        let mut state = self.state_mut();
        // Revisions may begin again at a lower number: every later commit is new.
        self.committed.send_if_modified(|revs| {
            revs.clear();
            false
        });
        state.epoch = epoch;
        state.feeds.clear();
        state.slugs.clear();
        state.counted = 0;
        for (counter, heads) in heads {
            for head in heads.into_iter().filter(|head| head.state.is_public()) {
                state.add(counter, head);
            }
        }
        for (_, buffer) in state.buffers.drain() {
            buffer.close(CloseReason::Reset);
        }
        for tap in state.open_taps() {
            tap.reset(epoch);
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
    /// Stores a head, and returns the previous one; 0 for a new feed.
    fn add(&mut self, counter: Counter, head: SourceHead) -> Rev {
        let (feed, slug) = (head.feed, head.slug.clone());
        let before = self.feeds.insert(feed, KnownFeed { counter, head });
        if let FeedId::Entry(id) = feed {
            let previous = before.as_ref().and_then(|before| before.head.slug.as_ref());
            if let Some(previous) = previous
                && Some(previous) != slug.as_ref()
                && self.slugs.get(previous) == Some(&id)
            {
                // Unless another entry uses it by now.
                self.slugs.remove(previous);
            }
            self.slugs.extend(slug.map(|slug| (slug, id)));
        }
        before.map_or(0, |before| before.head.head)
    }

    /// Removes a feed that clients may no longer read, and closes its streams.
    fn hide(&mut self, feed: FeedId) {
        self.feeds.remove(&feed);
        if let Some(buffer) = self.buffers.remove(&feed) {
            buffer.close(CloseReason::Closing);
        }
    }

    /// Removes the rooms without a message that have no replay buffer.
    fn forget_unused(&mut self) {
        let Self { feeds, buffers, .. } = self;
        feeds.retain(|feed, known| !known.is_unused() || buffers.contains_key(feed));
    }

    fn head(&self, feed: FeedId) -> Option<FeedHead> {
        let SourceHead { head, state, .. } = self.feeds.get(&feed)?.head;
        Some(FeedHead {
            epoch: self.epoch,
            head,
            state,
        })
    }

    fn buffer_or_new(&mut self, feed: FeedId, head: Rev, state: EntryState) -> Arc<ReplayBuffer> {
        let Self {
            epoch,
            counted,
            buffers,
            ..
        } = self;
        let new = || {
            let counts = RecentCounts::new(*epoch, *counted);
            Arc::new(ReplayBuffer::new(head, state, counts))
        };
        Arc::clone(buffers.entry(feed).or_insert_with(new))
    }

    /// Returns the taps that are not dropped.
    fn open_taps(&self) -> impl Iterator<Item = Arc<TapQueue>> {
        self.taps.iter().filter_map(Weak::upgrade)
    }
}
