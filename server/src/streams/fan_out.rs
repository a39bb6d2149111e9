//! Writes each event to thousands of sockets.
//!
//! The subscribers of a feed are divided into shards. A shard is one task: at each change
//! notification it writes to each subscriber's socket what comes next, from bytes that all
//! subscribers share. A subscriber is a cursor, a socket, and the part of the last event for which
//! the socket had no room: nothing is queued for it. A shard never waits for a socket: a full one
//! is tried again later, and closed at its deadline.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{FeedId, Rev};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tokio_util::task::TaskTracker;

use super::{
    event_stream::{CatchUp, EventStream, Feed},
    handoff::Socket,
    subscriber::{Subscriber, WriteOutcome},
};
use crate::security::{address_limits::Permit, log_limit::LogLimit};

/// The most subscribers of a shard: the shards of a large feed run on several processors.
const SHARD_SIZE: usize = 4_096;
/// How many subscribers are written to before the task yields: about a millisecond of work.
const BUDGET: usize = 128;
/// How often a shard looks for closed connections.
const IDLE_POLL: Duration = Duration::from_secs(1);
/// How soon sockets that were full are tried again.
const RETRY: Duration = Duration::from_millis(50);
/// The most reads of the database that a shard has under way.
const READS: usize = 4;

/// All shards of a server; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FanOut(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    shards: Mutex<HashMap<FeedId, Vec<ShardHandle>>>,
    tasks: TaskTracker,
    timed_out: LogLimit,
}

/// Adds subscribers to a running shard.
#[derive(Debug)]
struct ShardHandle {
    /// Unbounded, because each subscriber holds a stream's permit.
    joining: mpsc::UnboundedSender<Subscriber>,
    /// The feed's change notifications; each epoch of a feed has a channel of its own.
    changed: watch::Receiver<()>,
    subscribers: Arc<AtomicUsize>,
}

impl FanOut {
    /// Writes the rest of `stream` to `socket`, to which the head of the response has been written:
    /// the body is chunked, and no other response follows.
    pub fn join(&self, stream: EventStream, socket: Socket, permit: Permit) {
        let (feed, subscription) = stream.into_parts();
        self.assign(&feed, Subscriber::new(subscription, socket, permit));
    }

    /// Adds a subscriber to a shard that has room, or starts another shard.
    fn assign(&self, feed: &Feed, mut subscriber: Subscriber) {
        let mut shards = self.shards();
        let handles = shards.entry(feed.id).or_default();
        let changed = subscriber.changed();
        for handle in &*handles {
            let has_room = handle.subscribers.load(Ordering::Relaxed) < SHARD_SIZE;
            if has_room && handle.changed.same_channel(&changed) {
                match handle.add(subscriber) {
                    None => return,
                    Some(returned) => subscriber = returned,
                }
            }
        }
        let (joining, waiting) = mpsc::unbounded_channel();
        let handle = ShardHandle {
            joining,
            changed: changed.clone(),
            subscribers: Arc::default(),
        };
        // Before the shard's task can find itself empty.
        let _ = handle.add(subscriber);
        let shard = Shard {
            fan_out: self.clone(),
            feed: feed.clone(),
            changed,
            waiting,
            count: Arc::clone(&handle.subscribers),
            subscribers: Vec::new(),
            reads: FuturesUnordered::new(),
            reading: HashSet::new(),
            any_backpressured: false,
        };
        self.0.tasks.spawn(shard.run());
        handles.push(handle);
    }

    /// Drops the handles of shards that have ended: each subscribes to its feed's change
    /// notifications, and the hub keeps the replay buffers that have subscribers.
    fn remove_ended(&self) {
        self.shards().retain(|_, handles| {
            handles.retain(|handle| !handle.joining.is_closed());
            !handles.is_empty()
        });
    }

    fn shards(&self) -> MutexGuard<'_, HashMap<FeedId, Vec<ShardHandle>>> {
        self.0.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every subscriber has received the last event.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl ShardHandle {
    /// Adds a subscriber; returns it if the shard has ended.
    fn add(&self, subscriber: Subscriber) -> Option<Subscriber> {
        if let Err(returned) = self.joining.send(subscriber) {
            return Some(returned.0);
        }
        self.subscribers.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// One task, and the subscribers that it writes to.
struct Shard {
    fan_out: FanOut,
    feed: Feed,
    changed: watch::Receiver<()>,
    waiting: mpsc::UnboundedReceiver<Subscriber>,
    count: Arc<AtomicUsize>,
    subscribers: Vec<Subscriber>,
    /// Reads of the database, each for all subscribers whose cursor is at a revision.
    reads: FuturesUnordered<BoxFuture<'static, (Rev, CatchUp)>>,
    reading: HashSet<Rev>,
    any_backpressured: bool,
}

impl Shard {
    async fn run(mut self) {
        let mut next_poll = Instant::now() + IDLE_POLL;
        loop {
            let next_try = if self.any_backpressured {
                next_poll.min(Instant::now() + RETRY)
            } else {
                next_poll
            };
            tokio::select! {
                Some(subscriber) = self.waiting.recv() => self.add_waiting(subscriber).await,
                // The hub lives as long as the server.
                Ok(()) = self.changed.changed() => self.write_to_all().await,
                Some((rev, catch_up)) = self.reads.next() => {
                    self.reading.remove(&rev);
                    for subscriber in &mut self.subscribers {
                        subscriber.catch_up(rev, &catch_up);
                    }
                    self.write_to_all().await;
                }
                () = sleep_until(next_try) => {
                    if Instant::now() < next_poll {
                        self.write_to_backpressured().await;
                        continue;
                    }
                    next_poll = Instant::now() + IDLE_POLL;
                    self.remove_closed();
                    self.write_to_all().await;
                }
            }
            if self.subscribers.is_empty() && self.waiting.is_empty() {
                return self.shut_down();
            }
        }
    }

    /// Adds all waiting subscribers at once: when thousands connect together, each of them must not
    /// delay the next event.
    async fn add_waiting(&mut self, first: Subscriber) {
        let mut next = Some(first);
        let mut added = 0;
        while let Some(subscriber) = next {
            self.subscribers.push(subscriber);
            self.write_to(self.subscribers.len() - 1);
            added += 1;
            if added % BUDGET == 0 {
                yield_now().await;
            }
            next = self.waiting.try_recv().ok();
        }
    }

    /// Writes to every subscriber what comes next.
    async fn write_to_all(&mut self) {
        self.write_where(|_| true).await;
    }

    /// Writes to the subscribers whose socket was full.
    async fn write_to_backpressured(&mut self) {
        self.write_where(Subscriber::is_backpressured).await;
    }

    async fn write_where(&mut self, selected: impl Fn(&Subscriber) -> bool) {
        self.any_backpressured = false;
        let mut at = 0;
        let mut written = 0;
        while at < self.subscribers.len() {
            if !selected(&self.subscribers[at]) {
                at += 1;
                continue;
            }
            if self.write_to(at) {
                at += 1;
            }
            written += 1;
            if written % BUDGET == 0 {
                yield_now().await;
            }
        }
    }

    /// Writes to one subscriber. Returns whether it is still there.
    fn write_to(&mut self, at: usize) -> bool {
        match self.subscribers[at].advance(&self.feed) {
            WriteOutcome::Idle => {}
            WriteOutcome::Backpressured => self.any_backpressured = true,
            WriteOutcome::NeedsCatchUp(rev) => self.read(rev),
            outcome @ (WriteOutcome::TimedOut | WriteOutcome::Closed) => {
                self.remove(at, &outcome);
                return false;
            }
        }
        true
    }

    /// Reads the database once for all subscribers whose cursor is at `rev`.
    fn read(&mut self, rev: Rev) {
        // Those that find too many reads under way are tried again at the next poll.
        if self.reading.len() < READS && self.reading.insert(rev) {
            let feed = self.feed.clone();
            let read = async move { (rev, feed.catch_up(rev).await) };
            self.reads.push(Box::pin(read));
        }
    }

    /// Removes the subscribers whose connection is closed.
    fn remove_closed(&mut self) {
        let mut at = 0;
        while at < self.subscribers.len() {
            match self.subscribers[at].poll_closed() {
                Some(outcome) => self.remove(at, &outcome),
                None => at += 1,
            }
        }
    }

    fn remove(&mut self, at: usize, outcome: &WriteOutcome) {
        if matches!(outcome, WriteOutcome::TimedOut) {
            self.fan_out.0.timed_out.log(|streams| {
                tracing::info!(
                    streams,
                    "streams were closed because their clients do not read"
                );
            });
        }
        self.subscribers.swap_remove(at);
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Ends; subscribers that were added meanwhile are assigned to another shard.
    fn shut_down(mut self) {
        self.waiting.close();
        self.fan_out.remove_ended();
        while let Ok(subscriber) = self.waiting.try_recv() {
            self.fan_out.assign(&self.feed, subscriber);
        }
    }
}
