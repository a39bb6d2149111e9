//! Reads changes from the database, no matter which process wrote them, and publishes them to
//! the connections.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use domain::{EntryState, FeedId, Rev};
use futures::FutureExt;
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    FeedHead, FeedSource, HighWaterMark, Hub, SourceHead, Sources,
    high_water_mark::Position,
    hub::{ChangedFeed, Revs},
    read_changes,
};
use crate::{
    Clock, DatabaseFailure, Error, FeedPolicy, Result,
    log_limit::LogLimit,
    storage::{Counter, FeedState, Snapshot, Store},
};

/// The polling interval: how long a change by another process may stay unnoticed if its
/// notification is lost.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval between heartbeats: less than the 30 s after which proxies and mobile networks
/// close a silent connection.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// The deadline of one poll. After it, the tailer polls again.
const POLL_DEADLINE: Duration = Duration::from_secs(10);
/// The deadline for reading the heads of one source: less than that of a poll, so that the others
/// are read.
const SOURCE_DEADLINE: Duration = Duration::from_secs(2);
/// The number of feeds read concurrently: small, to leave database connections to pages.
const MAX_CONCURRENT_FEEDS: usize = 3;

/// The task that reads the database for all connections of this server.
#[derive(Clone, Debug)]
pub struct Tailer {
    store: Store,
    sources: Sources,
    hub: Arc<Hub>,
    clock: Clock,
    policy: FeedPolicy,
    mark: Option<HighWaterMark>,
    /// The last revision of each counter whose heads were read.
    last_revs: Revs,
    /// The feeds that could not be read in the last poll, for a temporary reason.
    unread: HashSet<FeedId>,
}

impl Tailer {
    /// Creates a tailer that has read nothing yet. It stores the revision that it published in
    /// `mark`.
    pub(crate) fn new(
        store: Store,
        sources: Sources,
        hub: Arc<Hub>,
        clock: Clock,
        policy: FeedPolicy,
        mark: Option<HighWaterMark>,
    ) -> Self {
        Self {
            store,
            sources,
            hub,
            clock,
            policy,
            mark,
            last_revs: Revs::new(),
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
                    hub.send_heartbeats(&self.unread, |head| {
                        self.policy.head(head, self.clock.now())
                    });
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
    /// Returns an error if the database can't be reached. A source or a feed that can't be read is
    /// not an error.
    pub(crate) async fn poll(&mut self) -> Result<()> {
        let mut snapshot = self.store.snapshot().await?;
        let mut now = self.position(&mut snapshot).await?;
        let is_older = self
            .mark
            .as_ref()
            .is_some_and(|mark| mark.is_ahead_of(&now));
        if is_older || (now.epoch == self.hub.epoch() && self.has_published_more_than(&now)) {
            drop(snapshot);
            tracing::warn!(
                position = ?now,
                "the database is older than the published revision; beginning a new epoch"
            );
            self.store.begin_epoch(&now.epoch).await?;
            snapshot = self.store.snapshot().await?;
            now = self.position(&mut snapshot).await?;
        }
        let is_new_epoch = now.epoch != self.hub.epoch();
        if is_new_epoch {
            self.last_revs.clear();
            self.unread.clear();
        }
        let read = self.read_heads(snapshot, &now).await?;
        let mut feeds = Vec::new();
        if is_new_epoch {
            self.last_revs = read.iter().map(|it| (it.counter, it.rev)).collect();
            let heads = read.into_iter().map(|it| (it.counter, it.heads));
            self.hub.reset(now.epoch, heads);
        } else {
            for SourceHeads {
                counter,
                rev,
                heads,
            } in read
            {
                // Before the feeds are read: a failure of one feed is no reason to read all of
                // them again.
                let is_new = self.last_revs.insert(counter, rev).is_none();
                feeds.extend(self.hub.apply(counter, heads, is_new));
            }
        }
        // Pages are as current as the heads of entries.
        if self.last_revs.get(&Counter::ENTRIES) == now.revs.get(&Counter::ENTRIES) {
            self.hub.record_read();
        }
        self.unread
            .retain(|unread| feeds.iter().all(|feed| feed.id != *unread));
        feeds.extend(self.hub.with_buffers(&self.unread));
        // Feeds with readers first.
        feeds.sort_by_key(|feed| feed.buffer.is_idle());
        self.unread = feeds.iter().map(|feed| feed.id).collect();
        self.publish(feeds).await;
        self.write_mark(now).await;
        self.hub.record_published(self.last_revs.clone());
        Ok(())
    }

    /// Reads the epoch and the last revision of each source.
    async fn position(&self, snapshot: &mut Snapshot) -> Result<Position> {
        let FeedState { epoch, rev } = snapshot.feed().await?;
        let mut revs = Revs::from([(Counter::ENTRIES, rev)]);
        for source in self.sources.iter() {
            if let Entry::Vacant(last) = revs.entry(source.counter()) {
                let rev = snapshot.last_rev(*last.key()).await?;
                last.insert(rev);
            }
        }
        Ok(Position { epoch, revs })
    }

    fn has_published_more_than(&self, now: &Position) -> bool {
        let is_more = |(counter, rev)| now.revs.get(counter).is_some_and(|now| now < rev);
        self.last_revs.iter().any(is_more)
    }

    /// Reads the heads of each source whose counter moved, up to `now`. A source that fails, hangs
    /// or panics is logged, and tried again in the next poll.
    async fn read_heads(&self, mut snapshot: Snapshot, now: &Position) -> Result<Vec<SourceHeads>> {
        let mut read = Vec::new();
        for source in self.sources.iter() {
            let counter = source.counter();
            let last = self.last_revs.get(&counter).copied();
            let rev = now.revs.get(&counter).copied().unwrap_or(0);
            if last == Some(rev) {
                continue;
            }
            let heads = source.heads_since(&mut snapshot, last.unwrap_or(0));
            let heads = AssertUnwindSafe(timeout(SOURCE_DEADLINE, heads)).catch_unwind();
            let error = match heads.await {
                Ok(Ok(Ok(heads))) => {
                    read.push(SourceHeads {
                        counter,
                        rev,
                        heads,
                    });
                    continue;
                }
                Ok(Ok(Err(error))) => error,
                Ok(Err(_)) => Error::Unavailable(DatabaseFailure::timed_out()),
                Err(_) => Error::Internal("Reading the heads of feeds panicked."),
            };
            log_source_failure(counter, &error);
            // The failure may have ended the transaction.
            snapshot = self.store.snapshot().await?;
        }
        Ok(read)
    }

    /// Publishes each feed, a few at once, and removes it from the unread ones, unless it could not
    /// be read for a temporary reason. A feed that fails for another reason (a stored value that
    /// can't be decoded, a renderer that panics) loses its connections.
    async fn publish(&mut self, feeds: Vec<ChangedFeed>) {
        let mut waiting = feeds.into_iter();
        let (mut reading, mut names) = (JoinSet::new(), HashMap::new());
        loop {
            while reading.len() < MAX_CONCURRENT_FEEDS
                && let Some(feed) = waiting.next()
                && let Some(source) = self.sources.with(feed.counter)
            {
                let publisher = FeedPublisher {
                    store: self.store.clone(),
                    source: Arc::clone(source),
                    hub: Arc::clone(&self.hub),
                };
                let id = feed.id;
                // In a separate task, so that a panic affects this feed only.
                let task = reading.spawn(async move { publisher.publish(feed).await });
                names.insert(task.id(), id);
            }
            let (task, result) = match reading.join_next_with_id().await {
                None => return,
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
                Err(error) if error.is_temporary() => {}
                Ok(()) => {
                    self.unread.remove(&feed);
                }
                Err(_) => {
                    self.unread.remove(&feed);
                    self.hub.close_feed(feed);
                }
            }
        }
    }

    /// Stores the published cursor in the data folder, on a blocking thread because disks can be
    /// slow.
    async fn write_mark(&mut self, now: Position) {
        static FAILURES: LogLimit<()> = LogLimit::new();
        let Some(mut mark) = self.mark.clone() else {
            return;
        };
        let written = spawn_blocking(move || {
            let written = mark.write(&now);
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

/// The heads that a source has read.
struct SourceHeads {
    counter: Counter,
    /// The last revision of the counter.
    rev: Rev,
    heads: Vec<SourceHead>,
}

/// Publishes one feed.
struct FeedPublisher {
    store: Store,
    source: Arc<dyn FeedSource>,
    hub: Arc<Hub>,
}

impl FeedPublisher {
    /// Reads the feed from the end of its replay buffer, and pushes the frames to it.
    async fn publish(&self, feed: ChangedFeed) -> Result<()> {
        let ChangedFeed { id, buffer, .. } = feed;
        loop {
            let since = buffer.head();
            let cursor = self.hub.cursor(since);
            let frame = match read_changes(&self.store, &*self.source, id, cursor).await {
                Ok(frame) => frame,
                // It is not public, so it has no readers.
                Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(FeedHead { state, .. }) = self.hub.head(id) else {
                return Ok(());
            };
            let more = frame.more;
            // `bye` must follow the last change: while there are more, the feed counts as live.
            let state = if more { EntryState::Live } else { state };
            buffer.push(frame, state);
            self.hub.notify_taps(id, since);
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

/// Logs that the heads of a source could not be read, at most once a minute for each source.
fn log_source_failure(counter: Counter, error: &Error) {
    static FAILURES: LogLimit<Counter> = LogLimit::new();
    if FAILURES.allows(counter) {
        error.log_failure(&format!(
            "could not read which feeds of {counter} changed; retrying every second"
        ));
    }
}
