//! Follows the database: whatever changed, by whichever process, reaches the connections from here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use domain::{Cursor, EntryState, Rev};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{FeedHead, FeedId, HighWaterMark, Hub, assemble, replay_buffer::ReplayBuffer};
use crate::{
    Cards, Clock, Error, FeedPolicy, Result,
    log_limit::LogLimit,
    storage::{StorageError, Store},
};

/// How long what another process wrote, or what a lost bell announced, may wait.
const LOOK: Duration = Duration::from_secs(1);
/// How often an open stream says that it is alive: below the half minute after which proxies and
/// mobile networks forget a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long one look may take. A database that doesn't answer is asked again.
const LOOK_DEADLINE: Duration = Duration::from_secs(10);
/// How many feeds are read at once: few enough to leave connections to pages.
const FEEDS_AT_ONCE: usize = 3;

/// The one task that reads the feed for everybody.
#[derive(Clone, Debug)]
pub struct Tailer {
    store: Store,
    cards: Cards,
    hub: Arc<Hub>,
    clock: Clock,
    policy: FeedPolicy,
    mark: Option<HighWaterMark>,
    seen: Rev,
    /// The feeds that could not be read at the last look, for a reason that passes.
    unread: HashSet<FeedId>,
}

impl Tailer {
    /// A tailer that has read nothing yet; `mark` is where it notes what it published.
    pub(crate) fn new(
        store: Store,
        cards: Cards,
        hub: Arc<Hub>,
        clock: Clock,
        policy: FeedPolicy,
        mark: Option<HighWaterMark>,
    ) -> Self {
        Self {
            store,
            cards,
            hub,
            clock,
            policy,
            mark,
            seen: 0,
            unread: HashSet::new(),
        }
    }

    /// Follows the database.
    pub async fn run(mut self) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let failures = LogLimit::new();
        let hub = Arc::clone(&self.hub);
        loop {
            tokio::select! {
                () = hub.news.notified() => {}
                _ = look.tick() => {}
                _ = heartbeat.tick() => {
                    hub.beat(|head| self.policy.head(head, self.clock.now()));
                    continue;
                }
            }
            let looked = timeout(LOOK_DEADLINE, self.look()).await;
            let error = match looked {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error,
                Err(_) => Error::Unavailable(StorageError::timed_out()),
            };
            if failures.allows(()) {
                error.log_failure("the feed could not be read; trying again every second");
            }
        }
    }

    /// Reads what changed, and hands it on.
    ///
    /// # Errors
    /// If the database can't be reached. One feed that can't be read is no error: the others go on.
    pub(crate) async fn look(&mut self) -> Result<()> {
        let mut snapshot = self.store.snapshot().await?;
        let mut now = snapshot.feed().await?;
        let at = Cursor::new(now.epoch.clone(), now.rev);
        let lost = self.mark.as_ref().is_some_and(|mark| mark.is_ahead_of(&at));
        if lost || (now.epoch == self.hub.epoch() && now.rev < self.seen) {
            drop(snapshot);
            tracing::warn!(
                rev = now.rev,
                "the database is older than what was published from it; beginning a new epoch"
            );
            self.store.begin_epoch(&now.epoch).await?;
            snapshot = self.store.snapshot().await?;
            now = snapshot.feed().await?;
        }
        if now.epoch != self.hub.epoch() {
            let entries = snapshot.moved_since(0).await?;
            self.hub.reset(now.epoch.clone(), entries);
            self.unread.clear();
            self.seen = now.rev;
        } else if now.rev > self.seen || !self.unread.is_empty() {
            let moved = snapshot.moved_since(self.seen).await?;
            drop(snapshot);
            let mut feeds = self.hub.learn(moved);
            self.unread
                .retain(|feed| feeds.iter().all(|(read, _)| read != feed));
            feeds.extend(self.hub.buffers(&self.unread));
            // Before the feeds are read: what happens to one of them is no reason to read all again.
            self.seen = now.rev;
            self.unread = feeds.iter().map(|(feed, _)| *feed).collect();
            self.unread = self.read(feeds).await;
        }
        self.note(Cursor::new(now.epoch, now.rev)).await;
        self.hub.announce(now.rev);
        Ok(())
    }

    /// Reads each feed from where its replay buffer ends, a few at once, and returns those that could not
    /// be read for a reason that passes. A feed that fails otherwise (a stored value that can't be
    /// decoded, a renderer that panics) loses its connections.
    async fn read(&self, feeds: Vec<(FeedId, Arc<ReplayBuffer>)>) -> HashSet<FeedId> {
        let mut unread: HashSet<_> = feeds.iter().map(|(feed, _)| *feed).collect();
        let mut waiting = feeds.into_iter();
        let (mut reading, mut names) = (JoinSet::new(), HashMap::new());
        loop {
            while reading.len() < FEEDS_AT_ONCE
                && let Some((feed, buffer)) = waiting.next()
            {
                let reader = FeedFollower {
                    store: self.store.clone(),
                    cards: self.cards.clone(),
                    hub: Arc::clone(&self.hub),
                };
                // In a task of its own, whose panic is that feed's alone.
                let task = reading.spawn(async move { reader.read(feed, &buffer).await });
                names.insert(task.id(), feed);
            }
            let (task, result) = match reading.join_next_with_id().await {
                None => return unread,
                Some(Ok((task, result))) => (task, result),
                Some(Err(panic)) => (
                    panic.id(),
                    Err(Error::Internal("Making a feed's batch panicked.")),
                ),
            };
            let Some(feed) = names.remove(&task) else {
                continue;
            };
            if let Err(error) = &result {
                log_unread(feed, error);
            }
            match result {
                Err(Error::Unavailable(_) | Error::DiskFull(_) | Error::Busy) => {}
                Ok(()) => {
                    unread.remove(&feed);
                }
                Err(_) => {
                    unread.remove(&feed);
                    self.hub.close_feed(feed);
                }
            }
        }
    }

    /// Notes in the data folder what was published, beside the async tasks: disks can be slow.
    async fn note(&mut self, now: Cursor) {
        static FAILURES: LogLimit<()> = LogLimit::new();
        let Some(mut mark) = self.mark.clone() else {
            return;
        };
        let written = spawn_blocking(move || {
            let written = mark.write(now);
            (mark, written)
        });
        if let Ok((mark, written)) = written.await {
            self.mark = Some(mark);
            if let Err(error) = written
                && FAILURES.allows(())
            {
                tracing::warn!(%error, "the published revision could not be noted in the data folder");
            }
        }
    }
}

/// What reads one feed.
struct FeedFollower {
    store: Store,
    cards: Cards,
    hub: Arc<Hub>,
}

impl FeedFollower {
    /// Reads a feed from where its replay buffer ends.
    async fn read(&self, feed: FeedId, buffer: &ReplayBuffer) -> Result<()> {
        loop {
            let since = self.hub.cursor(buffer.head());
            let frame = match assemble(&self.store, &self.cards, feed, &since).await {
                Ok(frame) => frame,
                // It isn't public (any more): it has no readers to tell.
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(FeedHead { state, .. }) = self.hub.head(feed) else {
                return Ok(());
            };
            let more = frame.more;
            // Goodbye is said after the last change: as long as more comes, nothing has ended.
            let state = if more { EntryState::Live } else { state };
            buffer.push(frame, state);
            if !more {
                return Ok(());
            }
        }
    }
}

/// Logs that a feed could not be read, once a minute each.
fn log_unread(feed: FeedId, error: &Error) {
    static FAILURES: LogLimit<FeedId> = LogLimit::new();
    if FAILURES.allows(feed) {
        error.log_failure(&format!("the feed {feed} could not be read"));
    }
}
