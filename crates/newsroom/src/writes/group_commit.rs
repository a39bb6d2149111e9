//! The group-commit writer: commits several posts in one transaction.
//!
//! A commit waits for the disk. Posts that arrive during a commit wait in a queue, and the next
//! transaction writes all of them.

use std::{mem, panic::AssertUnwindSafe, slice, sync::Arc, time::Duration};

use domain::{Caller, Draft, EntryId, EntryState, Mark, OpId, PostedUpdate, Slug, Timestamp};
use futures::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    Clock, DatabaseFailure, Entry, Error, Result, SafeHtml,
    feed::Hub,
    permissions::check_may_pin,
    storage::{NewUpdate, Outcome, Revision, Store},
    writes::{
        deadline::CHANGE_DEADLINE, idempotency::IdempotentRequest, write_health::WriteHealth,
    },
};

/// The maximum number of posts in one transaction. A larger one would gain little: the disk's share
/// of the time is small by then.
const MAX_BATCH: usize = 64;

/// The longest time a post may have waited on its author's machine: one day.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// A post to write, if its entry accepts it.
#[derive(Debug)]
pub struct Post {
    /// The author.
    pub author: Caller,
    /// The entry's slug.
    pub slug: Slug,
    /// The operation id, unique for the author.
    pub op_id: OpId,
    /// The submitted text.
    pub draft: Draft,
    /// The rendered text.
    pub html: SafeHtml,
    /// The marks: key or pinned.
    pub marks: Vec<Mark>,
    /// How long the post waited on its author's machine.
    pub waited: Duration,
}

/// The queue of posts, and the task that writes them.
#[derive(Debug)]
pub struct GroupCommitWriter {
    queue: mpsc::Sender<QueuedPost>,
    /// How long a post may wait for its transaction to begin.
    deadline: Duration,
}

#[derive(Debug)]
struct QueuedPost {
    post: Post,
    /// The post fails if its transaction hasn't begun at this time.
    until: Instant,
    response: oneshot::Sender<Result<PostedUpdate>>,
}

impl GroupCommitWriter {
    /// Starts the task, which ends when the writer is dropped.
    pub fn start(store: Store, clock: Clock, hub: Arc<Hub>, writes: Arc<WriteHealth>) -> Self {
        let (queue, mut waiting) = mpsc::channel(MAX_BATCH);
        let deadline = store.deadline();
        let task = WriterTask {
            store,
            clock,
            hub,
            writes,
        };
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(MAX_BATCH);
            while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
                let written = AssertUnwindSafe(task.write(mem::take(&mut batch))).catch_unwind();
                // The response channels of that batch are dropped, so its outcome is unknown.
                if written.await.is_err() {
                    tracing::error!("writing posts panicked");
                }
            }
        });
        Self { queue, deadline }
    }

    /// Writes a post durably. If its operation id was used before, returns the first result.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such entry, [`Error::Forbidden`] if it has ended
    /// or another author's update is pinned, [`Error::IdempotencyConflict`] if the operation id was
    /// used for a different request, and an error if the database can't be reached.
    pub async fn write(&self, post: Post) -> Result<PostedUpdate> {
        let (response, result) = oneshot::channel();
        let until = Instant::now() + self.deadline;
        let queued = QueuedPost {
            post,
            until,
            response,
        };
        match timeout_at(until, self.queue.send(queued)).await {
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

/// The task that writes queued posts.
#[derive(Debug)]
struct WriterTask {
    store: Store,
    clock: Clock,
    hub: Arc<Hub>,
    writes: Arc<WriteHealth>,
}

impl WriterTask {
    /// Writes posts in one transaction if possible, and sends each author the result.
    async fn write(&self, mut batch: Vec<QueuedPost>) {
        while let Some(until) = batch.iter().map(|queued| queued.until).min() {
            match self.store.revise_by(until).await {
                Ok(revision) => {
                    let (posts, authors): (Vec<_>, Vec<_>) = batch
                        .into_iter()
                        .map(|queued| (queued.post, queued.response))
                        .unzip();
                    let results = self.write_or_retry(revision, &posts).await;
                    for (author, result) in authors.into_iter().zip(results) {
                        respond(author, result);
                    }
                    return;
                }
                Err(error) => {
                    self.writes.record_error(&error);
                    // An error before the deadline comes from the database, and would reject the
                    // others too.
                    let now = Instant::now();
                    let all = now < until;
                    batch = batch
                        .into_iter()
                        .filter_map(|queued| {
                            if all || queued.until <= now {
                                respond(queued.response, Err(error.clone()));
                                None
                            } else {
                                Some(queued)
                            }
                        })
                        .collect();
                }
            }
        }
    }

    async fn write_or_retry(
        &self,
        revision: Revision,
        posts: &[Post],
    ) -> Vec<Result<PostedUpdate>> {
        match self.write_together(revision, posts).await {
            Ok(results) => results,
            // The database may reject one of the posts only; the others must not fail with it.
            Err(error) if posts.len() > 1 && !matches!(error, Error::OutcomeUnknown(_)) => {
                tracing::warn!(cause = ?error, posts = posts.len(), "could not write posts together; writing each alone");
                self.write_one_by_one(posts).await
            }
            Err(error) => posts.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn write_one_by_one(&self, posts: &[Post]) -> Vec<Result<PostedUpdate>> {
        let mut results = Vec::with_capacity(posts.len());
        for (at, post) in posts.iter().enumerate() {
            match self.store.revise().await {
                Ok(revision) => match self.write_together(revision, slice::from_ref(post)).await {
                    Ok(result) => results.extend(result),
                    Err(error) => results.push(Err(error)),
                },
                // The remaining posts would fail as slowly.
                Err(error) => {
                    results.extend(posts[at..].iter().map(|_| Err(error.clone())));
                    break;
                }
            }
        }
        results
    }

    /// Writes posts in one transaction, and returns the result of each.
    ///
    /// # Errors
    /// Returns an error if no post was written.
    async fn write_together(
        &self,
        revision: Revision,
        posts: &[Post],
    ) -> Result<Vec<Result<PostedUpdate>>> {
        let written = timeout(CHANGE_DEADLINE, self.write_and_commit(revision, posts)).await;
        let written =
            written.unwrap_or_else(|_| Err(Error::OutcomeUnknown(DatabaseFailure::timed_out())));
        self.writes.record(&written);
        written
    }

    async fn write_and_commit(
        &self,
        mut revision: Revision,
        posts: &[Post],
    ) -> Result<Vec<Result<PostedUpdate>>> {
        let mut results = Vec::with_capacity(posts.len());
        let mut written = None;
        for post in posts {
            let before = revision.last_rev();
            let result = self.write_at(&mut revision, post).await;
            match &result {
                Ok(posted) if posted.rev > before => written = Some(posted.rev),
                Err(error) if error.is_server_failure() => return Err(error.clone()),
                // Rejected, or a repetition: nothing was written.
                _ => {}
            }
            results.push(result);
        }
        if let Some(rev) = written {
            revision.commit().await?;
            self.writes.record_commit();
            self.hub.commit(rev);
        }
        Ok(results)
    }

    async fn write_at(&self, revision: &mut Revision, post: &Post) -> Result<PostedUpdate> {
        let entry = revision.snapshot().entry_by_any_slug(&post.slug).await?;
        let entry = entry.ok_or(Error::NotFound("live blog"))?;
        let request = request_of(entry.id, post);
        match request.earlier_outcome(revision.snapshot()).await? {
            Some(Outcome::Posted(posted)) => return Ok(posted),
            Some(_) => return Err(Error::IdempotencyConflict),
            None => {}
        }
        if entry.state == EntryState::Ended {
            return Err(Error::Forbidden(
                "This live blog has ended. Reopen it on its desk page to post to it.",
            ));
        }
        if post.marks.contains(&Mark::Pinned) {
            check_may_pin(revision.snapshot(), &post.author, entry.id).await?;
        }
        let now = self.clock.now();
        let update = NewUpdate {
            entry_id: entry.id,
            author_id: post.author.id,
            draft: &post.draft,
            html: &post.html,
            marks: &post.marks,
            posted_at: posted_at(&entry, now, post.waited),
        };
        let result = PostedUpdate {
            id: revision.add_update(&update).await?,
            rev: revision.last_rev(),
        };
        request
            .store_outcome(revision, Outcome::Posted(result), now)
            .await?;
        Ok(result)
    }
}

fn respond(author: oneshot::Sender<Result<PostedUpdate>>, result: Result<PostedUpdate>) {
    // An author who disconnected will send the post again with the same operation id.
    let _ = author.send(result);
}

/// Returns a post as a request to deduplicate. It contains the entry's id, since the slug may have
/// changed when the post is sent again.
fn request_of(entry: EntryId, post: &Post) -> IdempotentRequest<'_> {
    let entry = entry.to_string();
    let headline = post
        .draft
        .headline
        .as_ref()
        .map_or("", |line| line.as_str());
    let text = [&*entry, headline, post.draft.source.as_str()];
    let marks = post.marks.iter().map(|mark| mark.as_str());
    IdempotentRequest::new(
        &post.author,
        Some(&post.op_id),
        text.into_iter().chain(marks),
    )
}

/// Returns the time of posting: now minus `waited`, but not before the entry's start.
fn posted_at(entry: &Entry, now: Timestamp, waited: Duration) -> Timestamp {
    let waited = i64::try_from(waited.min(MAX_WAIT).as_micros()).unwrap_or(0);
    now.plus_micros(-waited)
        .clamp(entry.starts_at.min(now), now)
}
