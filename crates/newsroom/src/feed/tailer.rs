//! Reads changes from the database, no matter which process wrote them, and publishes them to
//! the connections.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use domain::{Cursor, EntryState, FeedId, Rev};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{FeedHead, HighWaterMark, Hub, assemble, replay_buffer::ReplayBuffer};
use crate::{
    Cards, Clock, DatabaseFailure, Error, FeedPolicy, Result, log_limit::LogLimit, storage::Store,
};

/// The polling interval: how long a change by another process may stay unnoticed if its
/// notification is lost.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval between heartbeats: less than the 30 s after which proxies and mobile networks
/// close a silent connection.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// The deadline of one poll. After it, the tailer polls again.
const POLL_DEADLINE: Duration = Duration::from_secs(10);
/// The number of feeds read concurrently: small, to leave database connections to pages.
const MAX_CONCURRENT_FEEDS: usize = 3;

/// The task that reads the database for all connections of this server.
#[derive(Clone, Debug)]
pub struct Tailer {
    store: Store,
    cards: Cards,
    hub: Arc<Hub>,
    clock: Clock,
    policy: FeedPolicy,
    mark: Option<HighWaterMark>,
    last_rev: Rev,
    /// The feeds that could not be read in the last poll, for a temporary reason.
    unread: HashSet<FeedId>,
}

impl Tailer {
    /// Creates a tailer that has read nothing yet. It stores the revision that it published in
    /// `mark`.
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
            last_rev: 0,
            unread: HashSet::new(),
        }
    }

    /// Polls the database at each notification and once a second, and sends heartbeats.
    pub async fn run(mut self) {
        let mut poll = interval(POLL_INTERVAL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heartbeat = interval(HEARTBEAT_INTERVAL);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let failures = LogLimit::new();
        let hub = Arc::clone(&self.hub);
        loop {
            tokio::select! {
                () = hub.wakeup.notified() => {}
                _ = poll.tick() => {}
                _ = heartbeat.tick() => {
                    hub.send_heartbeats(|head| self.policy.head(head, self.clock.now()));
                    continue;
                }
            }
            let polled = timeout(POLL_DEADLINE, self.poll()).await;
            let error = match polled {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error,
                Err(_) => Error::Unavailable(DatabaseFailure::timed_out()),
            };
            if failures.allows(()) {
                error.log_failure("could not read the feed; retrying every second");
            }
        }
    }

    /// Reads what changed since the last poll, and publishes it.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached. A single feed that can't be read is not
    /// an error.
    pub(crate) async fn poll(&mut self) -> Result<()> {
        let mut snapshot = self.store.snapshot().await?;
        let mut now = snapshot.feed().await?;
        let at = Cursor::new(now.epoch, now.rev);
        let is_older = self.mark.as_ref().is_some_and(|mark| mark.is_ahead_of(&at));
        if is_older || (now.epoch == self.hub.epoch() && now.rev < self.last_rev) {
            drop(snapshot);
            tracing::warn!(
                rev = now.rev,
                "the database is older than the published revision; beginning a new epoch"
            );
            self.store.begin_epoch(&now.epoch).await?;
            snapshot = self.store.snapshot().await?;
            now = snapshot.feed().await?;
        }
        if now.epoch != self.hub.epoch() {
            let entries = snapshot.heads_since(0).await?;
            self.hub.reset(now.epoch, entries);
            self.unread.clear();
            self.last_rev = now.rev;
        } else if now.rev > self.last_rev || !self.unread.is_empty() {
            let changed = snapshot.heads_since(self.last_rev).await?;
            drop(snapshot);
            let mut feeds = self.hub.apply(changed);
            self.unread
                .retain(|feed| feeds.iter().all(|(read, _)| read != feed));
            feeds.extend(self.hub.buffers(&self.unread));
            // Before the feeds are read: a failure of one feed is no reason to read all of them
            // again.
            self.last_rev = now.rev;
            self.unread = feeds.iter().map(|(feed, _)| *feed).collect();
            self.unread = self.publish(feeds).await;
        }
        self.write_mark(Cursor::new(now.epoch, now.rev)).await;
        self.hub.record_published(now.rev);
        Ok(())
    }

    /// Publishes each feed, a few at once, and returns those that could not be read for a temporary
    /// reason. A feed that fails for another reason (a stored value that can't be decoded, a
    /// renderer that panics) loses its connections.
    async fn publish(&self, feeds: Vec<(FeedId, Arc<ReplayBuffer>)>) -> HashSet<FeedId> {
        let mut unread: HashSet<_> = feeds.iter().map(|(feed, _)| *feed).collect();
        let mut waiting = feeds.into_iter();
        let (mut reading, mut names) = (JoinSet::new(), HashMap::new());
        loop {
            while reading.len() < MAX_CONCURRENT_FEEDS
                && let Some((feed, buffer)) = waiting.next()
            {
                let publisher = FeedPublisher {
                    store: self.store.clone(),
                    cards: self.cards.clone(),
                    hub: Arc::clone(&self.hub),
                };
                // In a separate task, so that a panic affects this feed only.
                let task = reading.spawn(async move { publisher.publish(feed, &buffer).await });
                names.insert(task.id(), feed);
            }
            let (task, result) = match reading.join_next_with_id().await {
                None => return unread,
                Some(Ok((task, result))) => (task, result),
                Some(Err(panic)) => (
                    panic.id(),
                    Err(Error::Internal("Assembling a batch of the feed panicked.")),
                ),
            };
            let Some(feed) = names.remove(&task) else {
                continue;
            };
            if let Err(error) = &result {
                log_read_failure(feed, error);
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

    /// Stores the published cursor in the data folder, on a blocking thread because disks can be
    /// slow.
    async fn write_mark(&mut self, now: Cursor) {
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
                tracing::warn!(%error, "could not store the published revision in the data folder");
            }
        }
    }
}

/// Publishes one feed.
struct FeedPublisher {
    store: Store,
    cards: Cards,
    hub: Arc<Hub>,
}

impl FeedPublisher {
    /// Reads the feed from the end of its replay buffer, and pushes the frames to it.
    async fn publish(&self, feed: FeedId, buffer: &ReplayBuffer) -> Result<()> {
        loop {
            let since = self.hub.cursor(buffer.head());
            let frame = match assemble(&self.store, &self.cards, feed, &since).await {
                Ok(frame) => frame,
                // It is not public, so it has no readers.
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(FeedHead { state, .. }) = self.hub.head(feed) else {
                return Ok(());
            };
            let more = frame.more;
            // `bye` must follow the last change: while there are more, the feed counts as live.
            let state = if more { EntryState::Live } else { state };
            buffer.push(frame, state);
            if !more {
                return Ok(());
            }
        }
    }
}

/// Logs that a feed could not be read, at most once a minute for each feed.
fn log_read_failure(feed: FeedId, error: &Error) {
    static FAILURES: LogLimit<FeedId> = LogLimit::new();
    if FAILURES.allows(feed) {
        error.log_failure(&format!("could not read the feed {feed}"));
    }
}
