//! Where every feed stands, in memory, and the buffers of those that somebody reads.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use domain::{Cursor, EntryId, EntryState, Epoch, Head, Rev, Slug};
use tokio::sync::{Notify, watch};

use super::{
    Event, Subscription,
    replay_buffer::{CloseReason, ReplayBuffer},
};
use crate::storage::Moved;

/// Which feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedId {
    /// That of one entry.
    Entry(EntryId),
    /// That of all public entries: the front page's.
    All,
}

impl fmt::Display for FeedId {
    /// As addresses have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(id) => id.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

/// Where a feed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHead {
    /// The life of the database.
    pub epoch: Epoch,
    /// The feed's last revision.
    pub head: Rev,
    /// Where the entry is in its life; the feed of all entries is always live.
    pub state: EntryState,
}

/// What the feeds' connections share. It knows what the tailer told it, and no more.
#[derive(Debug)]
pub struct Hub {
    known: RwLock<Known>,
    published: watch::Sender<Rev>,
    committed: watch::Sender<Rev>,
    pub(super) news: Notify,
    /// When the tailer last read the database.
    looked: Mutex<Instant>,
}

/// After how long without a look by the tailer the feeds count as stale: ten times its interval.
const STALE: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Known {
    epoch: Epoch,
    /// The last revision of any public entry; what was public once stays so.
    public_head: Rev,
    entries: HashMap<EntryId, Moved>,
    slugs: HashMap<Slug, EntryId>,
    buffers: HashMap<FeedId, Arc<ReplayBuffer>>,
    closing: bool,
}

impl Hub {
    /// A hub that knows of nothing yet, in `epoch`.
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            known: RwLock::new(Known {
                epoch,
                public_head: 0,
                entries: HashMap::new(),
                slugs: HashMap::new(),
                buffers: HashMap::new(),
                closing: false,
            }),
            published: watch::Sender::new(0),
            committed: watch::Sender::new(0),
            news: Notify::new(),
            looked: Mutex::new(Instant::now()),
        }
    }

    /// Where a feed stands; `None` if there is no such public entry.
    pub fn head(&self, feed: FeedId) -> Option<FeedHead> {
        self.known().head(feed)
    }

    /// The public entry named `slug`, and where its feed stands.
    pub fn find(&self, slug: &Slug) -> Option<(EntryId, FeedHead)> {
        let known = self.known();
        let id = *known.slugs.get(slug)?;
        Some((id, known.head(FeedId::Entry(id))?))
    }

    /// A place in a feed: after `since`, or from now on; `None` if there is no such public entry.
    pub fn subscribe(&self, feed: FeedId, since: Option<Rev>) -> Option<Subscription> {
        let mut known = self.known_mut();
        let head = known.head(feed)?;
        let buffer = known
            .buffers
            .entry(feed)
            .or_insert_with(|| Arc::new(ReplayBuffer::new(head.head, head.state)))
            .clone();
        if known.closing {
            buffer.close(CloseReason::Closing);
        }
        Some(Subscription::new(buffer, since))
    }

    /// How many feeds are being read.
    pub fn open_feeds(&self) -> usize {
        self.known().buffers.len()
    }

    /// Tells the tailer that there is something new.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Tells the tailer, and the other servers, that this one committed `rev`.
    pub(crate) fn commit(&self, rev: Rev) {
        self.committed.send_if_modified(|last| {
            let newer = rev > *last;
            *last = rev.max(*last);
            newer
        });
        self.wake();
    }

    /// The last revision that this server committed, as it grows.
    pub(crate) fn committed(&self) -> watch::Receiver<Rev> {
        self.committed.subscribe()
    }

    /// The last revision that was handed to the connections.
    pub(super) fn published_rev(&self) -> Rev {
        *self.published.borrow()
    }

    /// Waits until everything up to `rev` was handed to the connections.
    pub async fn published(&self, rev: Rev) {
        let mut published = self.published.subscribe();
        // The sender lives as long as this hub.
        let _ = published.wait_for(|at| *at >= rev).await;
    }

    /// Sends every connection goodbye, and any that comes.
    pub fn close(&self) {
        let mut known = self.known_mut();
        known.closing = true;
        for buffer in known.buffers.values() {
            buffer.close(CloseReason::Closing);
        }
    }

    /// Whether this server is going.
    pub fn is_closing(&self) -> bool {
        self.known().closing
    }

    /// Sends every connection a heartbeat, made by `make` once for each feed; forgets the feeds that
    /// nobody reads any more.
    pub(super) fn beat(&self, make: impl Fn(&FeedHead) -> Head) {
        let mut known = self.known_mut();
        known.buffers.retain(|_, buffer| !buffer.is_idle());
        for (feed, buffer) in &known.buffers {
            if let Some(head) = known.head(*feed) {
                buffer.send_heartbeat(Event::heartbeat(&make(&head)));
            }
        }
    }

    /// Takes in what moved, and answers the feeds that somebody reads and that have to be told.
    pub(super) fn learn(&self, moved: Vec<Moved>) -> Vec<(FeedId, Arc<ReplayBuffer>)> {
        let mut known = self.known_mut();
        let mut feeds = Vec::new();
        if !moved.is_empty() {
            feeds.push(FeedId::All);
        }
        for entry in moved {
            feeds.push(FeedId::Entry(entry.id));
            known.add(entry);
        }
        feeds
            .into_iter()
            .filter_map(|feed| Some((feed, known.buffers.get(&feed)?.clone())))
            .collect()
    }

    /// Notes that the tailer has read the database, and that everything up to `rev` was handed on.
    pub(super) fn announce(&self, rev: Rev) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.published.send_replace(rev);
    }

    /// Returns how long ago the tailer last read the database: what is known of the feeds is as old.
    pub fn unread_for(&self) -> Duration {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.elapsed()
    }

    /// Whether the tailer has not read the database for ten seconds.
    pub(crate) fn is_stale(&self) -> bool {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.elapsed() > STALE
    }

    /// The replay buffers of those of `feeds` that somebody reads.
    pub(super) fn buffers<'a>(
        &self,
        feeds: impl IntoIterator<Item = &'a FeedId>,
    ) -> Vec<(FeedId, Arc<ReplayBuffer>)> {
        let known = self.known();
        feeds
            .into_iter()
            .filter_map(|&feed| Some((feed, known.buffers.get(&feed)?.clone())))
            .collect()
    }

    /// Closes the connections of a feed that can't be read: they come back, read the database
    /// themselves, and poll if that fails, too.
    pub(super) fn close_feed(&self, feed: FeedId) {
        if let Some(buffer) = self.known_mut().buffers.remove(&feed) {
            buffer.close(CloseReason::Closing);
        }
    }

    /// The life of the database, as far as it is known here.
    pub(super) fn epoch(&self) -> Epoch {
        self.known().epoch.clone()
    }

    /// The place in the current epoch at `rev`.
    pub(super) fn cursor(&self, rev: Rev) -> Cursor {
        Cursor::new(self.epoch(), rev)
    }

    /// Begins another epoch, in which `entries` are all there are: every connection is told to start
    /// again, and finds them when it does.
    pub(super) fn reset(&self, epoch: Epoch, entries: Vec<Moved>) {
        let mut known = self.known_mut();
        // Revisions begin again: what is committed from here on is news, whatever its number.
        self.committed.send_if_modified(|last| {
            *last = 0;
            false
        });
        known.epoch = epoch;
        known.public_head = 0;
        known.entries.clear();
        known.slugs.clear();
        for entry in entries {
            known.add(entry);
        }
        for (_, buffer) in known.buffers.drain() {
            buffer.close(CloseReason::Reset);
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, entry: Moved) {
        if entry.state.is_public() {
            self.public_head = self.public_head.max(entry.head);
        }
        let (id, slug) = (entry.id, entry.slug.clone());
        if let Some(before) = self.entries.insert(id, entry)
            && before.slug != slug
            && self.slugs.get(&before.slug) == Some(&id)
        {
            // Its old address, unless another entry has it by now.
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
            epoch: self.epoch.clone(),
            head,
            state,
        })
    }
}
