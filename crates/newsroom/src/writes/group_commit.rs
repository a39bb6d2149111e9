//! The group-commit writer: commits several writes in one transaction.
//!
//! A commit waits for the disk. Writes that arrive during a commit wait in a queue, and the next
//! transaction applies all of them. Authors have a queue and transactions of their own, so that an
//! author's write waits for one commit of the others at most: on SQLite, which has one writer, or
//! if both have the same counter.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use domain::{Rev, Timestamp};
use futures::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use super::{
    deadline::CHANGE_DEADLINE,
    write::{Priority, Write},
    write_health::WriteHealth,
};
use crate::{
    Clock, DatabaseFailure, Error, Result,
    feed::Hub,
    storage::{Counter, Revision, Store},
};

/// The maximum number of writes in one transaction. A larger one would gain little: the disk's
/// share of the time is small by then.
const MAX_BATCH: usize = 64;

const PANICKED: Error = Error::Internal("The server failed. Nothing was changed.");

/// The queues of writes, each emptied by a task of its own.
#[derive(Debug)]
pub struct GroupCommitWriter {
    authors: mpsc::Sender<BoxedWrite>,
    others: mpsc::Sender<BoxedWrite>,
    /// How long a write may wait for its transaction to begin.
    deadline: Duration,
}

/// A committed write.
#[derive(Debug)]
pub struct Written<T> {
    /// Its result.
    pub output: T,
    /// The last revision when it was applied.
    pub rev: Rev,
}

impl GroupCommitWriter {
    /// Starts the tasks, which end when the writer is dropped.
    pub fn start(store: Store, clock: Clock, hub: Arc<Hub>, writes: Arc<WriteHealth>) -> Self {
        let deadline = store.deadline();
        let task = WriterTask {
            store,
            clock,
            hub,
            writes,
        };
        Self {
            authors: task.clone().start(),
            others: task.start(),
            deadline,
        }
    }

    /// Applies a write durably, and returns its result.
    ///
    /// # Errors
    /// Returns the error of the write, or an error if the database can't be reached.
    pub async fn write<W: Write>(&self, write: W) -> Result<Written<W::Output>> {
        let (response, result) = oneshot::channel();
        let until = Instant::now() + self.deadline;
        let queue = match write.priority() {
            Priority::Author => &self.authors,
            Priority::Other => &self.others,
        };
        let queued = Box::new(Queued {
            write,
            until,
            written: None,
            response,
        });
        match timeout_at(until, queue.send(queued)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Error::Unavailable(DatabaseFailure::closed())),
            Err(_) => return Err(Error::Unavailable(DatabaseFailure::timed_out())),
        }
        match timeout_at(until + CHANGE_DEADLINE, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::OutcomeUnknown(DatabaseFailure::closed())),
            Err(_) => Err(Error::OutcomeUnknown(DatabaseFailure::timed_out())),
        }
    }
}

/// A write of any type in a queue.
trait QueuedWrite: Send {
    /// Returns the counter of the feeds that it changes.
    fn counter(&self) -> Counter;

    /// Returns when the write fails if its transaction hasn't begun.
    fn until(&self) -> Instant;

    /// Applies the write, and keeps its result.
    fn apply<'a>(
        &'a mut self,
        revision: &'a mut Revision,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<()>>;

    /// Sends the result to the request, or the error that prevented it.
    fn respond(self: Box<Self>, result: Result<()>);
}

type BoxedWrite = Box<dyn QueuedWrite>;

impl fmt::Debug for dyn QueuedWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedWrite").finish_non_exhaustive()
    }
}

struct Queued<W: Write> {
    write: W,
    until: Instant,
    /// The result, once it was applied.
    written: Option<Written<W::Output>>,
    response: oneshot::Sender<Result<Written<W::Output>>>,
}

impl<W: Write> QueuedWrite for Queued<W> {
    fn counter(&self) -> Counter {
        self.write.counter()
    }

    fn until(&self) -> Instant {
        self.until
    }

    fn apply<'a>(
        &'a mut self,
        revision: &'a mut Revision,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            // The other writes of the transaction must not fail with this one.
            let applied = AssertUnwindSafe(self.write.apply(revision, now)).catch_unwind();
            let output = applied.await.unwrap_or(Err(PANICKED))?;
            let rev = revision.last_rev();
            self.written = Some(Written { output, rev });
            Ok(())
        }
        .boxed()
    }

    fn respond(self: Box<Self>, result: Result<()>) {
        let result = match (result, self.written) {
            (Ok(()), Some(written)) => Ok(written),
            (Ok(()), None) => Err(Error::Internal("A write was not applied.")),
            (Err(error), _) => Err(error),
        };
        // A client that disconnected will send its request again with the same operation id.
        let _ = self.response.send(result);
    }
}

/// A queue, and a write that was taken from it too early.
struct Queue {
    receiver: mpsc::Receiver<BoxedWrite>,
    held: Option<BoxedWrite>,
}

impl Queue {
    const fn new(receiver: mpsc::Receiver<BoxedWrite>) -> Self {
        Self {
            receiver,
            held: None,
        }
    }

    /// Waits for the writes of one transaction, which have the same counter. Returns `None` if
    /// there will be none.
    async fn next_batch(&mut self) -> Option<Vec<BoxedWrite>> {
        let first = match self.held.take() {
            Some(held) => held,
            None => self.receiver.recv().await?,
        };
        let counter = first.counter();
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Ok(next) = self.receiver.try_recv()
        {
            if next.counter() != counter {
                self.held = Some(next);
                break;
            }
            batch.push(next);
        }
        Some(batch)
    }
}

/// A task that applies queued writes.
#[derive(Clone, Debug)]
struct WriterTask {
    store: Store,
    clock: Clock,
    hub: Arc<Hub>,
    writes: Arc<WriteHealth>,
}

impl WriterTask {
    /// Starts the task, and returns its queue.
    fn start(self) -> mpsc::Sender<BoxedWrite> {
        let (queue, waiting) = mpsc::channel(MAX_BATCH);
        let mut waiting = Queue::new(waiting);
        tokio::spawn(async move {
            while let Some(batch) = waiting.next_batch().await {
                let written = AssertUnwindSafe(self.write(batch)).catch_unwind();
                // The response channels of that batch are dropped, so its outcome is unknown.
                if written.await.is_err() {
                    tracing::error!("writing to the database panicked");
                }
            }
        });
        queue
    }

    /// Applies writes in one transaction if possible, and sends each result.
    async fn write(&self, mut batch: Vec<BoxedWrite>) {
        while let Some(first) = batch.first() {
            let counter = first.counter();
            let until = batch.iter().map(|write| write.until()).min();
            let until = until.unwrap_or_else(Instant::now);
            match self.store.revise_by(counter, until).await {
                Ok(revision) => {
                    let results = self.write_or_retry(revision, &mut batch).await;
                    for (write, result) in batch.into_iter().zip(results) {
                        write.respond(result);
                    }
                    return;
                }
                Err(error) => {
                    self.writes.record_error(&error);
                    // An error before the deadline comes from the database, and would reject the
                    // others too.
                    let now = Instant::now();
                    let all = now < until;
                    let failed = |write: &mut BoxedWrite| all || write.until() <= now;
                    for write in batch.extract_if(.., failed) {
                        write.respond(Err(error.clone()));
                    }
                }
            }
        }
    }

    async fn write_or_retry(
        &self,
        revision: Revision,
        batch: &mut [BoxedWrite],
    ) -> Vec<Result<()>> {
        let counter = revision.counter();
        match self.write_together(revision, batch).await {
            Ok(results) => results,
            // The database may reject one of the writes only; the others must not fail with it.
            Err(error) if batch.len() > 1 && !matches!(error, Error::OutcomeUnknown(_)) => {
                tracing::warn!(cause = ?error, writes = batch.len(), "could not write several requests together; writing each alone");
                self.write_one_by_one(counter, batch).await
            }
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn write_one_by_one(
        &self,
        counter: Counter,
        batch: &mut [BoxedWrite],
    ) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(batch.len());
        for write in batch.chunks_mut(1) {
            match self.store.revise(counter).await {
                Ok(revision) => match self.write_together(revision, write).await {
                    Ok(result) => results.extend(result),
                    Err(error) => results.push(Err(error)),
                },
                // The remaining writes would fail as slowly.
                Err(error) => {
                    results.resize(batch.len(), Err(error));
                    break;
                }
            }
        }
        results
    }

    /// Applies writes in one transaction, and returns the result of each.
    ///
    /// # Errors
    /// Returns an error if nothing was written.
    async fn write_together(
        &self,
        revision: Revision,
        batch: &mut [BoxedWrite],
    ) -> Result<Vec<Result<()>>> {
        let written = self.write_and_commit(revision, batch);
        let written = timeout(CHANGE_DEADLINE, written).await;
        let written =
            written.unwrap_or_else(|_| Err(Error::OutcomeUnknown(DatabaseFailure::timed_out())));
        self.writes.record(&written);
        written
    }

    async fn write_and_commit(
        &self,
        mut revision: Revision,
        batch: &mut [BoxedWrite],
    ) -> Result<Vec<Result<()>>> {
        let mut results = Vec::with_capacity(batch.len());
        let before = revision.last_rev();
        for write in batch {
            let untouched = (revision.statements(), revision.last_rev());
            let result = write.apply(&mut revision, self.clock.now()).await;
            let is_untouched = untouched == (revision.statements(), revision.last_rev());
            match &result {
                // The transaction may be broken, or may have a part of a refused change.
                Err(error) if error.is_server_failure() || !is_untouched => {
                    return Err(error.clone());
                }
                _ => results.push(result),
            }
        }
        // Refused writes and repeated requests write nothing.
        if revision.statements() > 0 {
            let (counter, rev) = (revision.counter(), revision.last_rev());
            revision.commit().await?;
            self.writes.record_commit();
            if rev > before && counter.is_of_feeds() {
                self.hub.commit(counter, rev);
            }
        }
        Ok(results)
    }
}
