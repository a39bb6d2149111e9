//! Posts on their way to the disk. Those that come while others are being written wait, and are then
//! written together: a commit waits for the disk, and many posts can wait for the same one.

use std::{mem, panic::AssertUnwindSafe, slice, sync::Arc, time::Duration};

use domain::{Caller, Draft, EntryId, EntryState, Mark, OpId, PostedUpdate, Slug, Timestamp};
use futures::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    Clock, Entry, Error, Result, SafeHtml,
    idempotency::NamedRequest,
    live::Hub,
    newsroom::LONGEST_CHANGE,
    posting::may_pin,
    storage::{NewUpdate, Outcome, Revision, StorageError, Store},
    write_health::WriteHealth,
};

/// How many posts are written together at most. More would gain little: the disk's part of each is
/// small by then.
const AT_ONCE: usize = 64;

/// The longest an update may have waited on its author's machine: a day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// A post that may be written, if the entry takes it.
#[derive(Debug)]
pub struct Post {
    /// Whose it is.
    pub author: Caller,
    /// Where it goes.
    pub slug: Slug,
    /// Its name, for its author.
    pub op_id: OpId,
    /// What was written.
    pub draft: Draft,
    /// What readers get of it.
    pub html: SafeHtml,
    /// What is said of it, beside what it says itself.
    pub marks: Vec<Mark>,
    /// How long it lay on its author's machine.
    pub waited: Duration,
}

/// The posts that wait, and the one task that writes them.
#[derive(Debug)]
pub struct GroupCommitWriter {
    queue: mpsc::Sender<Waiting>,
    /// How long a post waits to be written.
    deadline: Duration,
}

#[derive(Debug)]
struct Waiting {
    post: Post,
    /// When it fails if its transaction hasn't begun.
    until: Instant,
    answer: oneshot::Sender<Result<PostedUpdate>>,
}

impl GroupCommitWriter {
    /// Begins to write posts, until this is dropped.
    pub fn start(store: Store, clock: Clock, hub: Arc<Hub>, writes: Arc<WriteHealth>) -> Self {
        let (queue, mut waiting) = mpsc::channel(AT_ONCE);
        let deadline = store.deadline();
        let writer = WriterTask {
            store,
            clock,
            hub,
            writes,
        };
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(AT_ONCE);
            while waiting.recv_many(&mut batch, AT_ONCE).await > 0 {
                let written = AssertUnwindSafe(writer.write(mem::take(&mut batch))).catch_unwind();
                // The authors of that batch are told that its outcome is unknown; the next one is written.
                if written.await.is_err() {
                    tracing::error!("writing posts panicked");
                }
            }
        });
        Self { queue, deadline }
    }

    /// Writes a post durably, or returns what it came to the first time.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such entry, [`Error::Forbidden`] if it has ended or
    /// somebody else's pin is in the way, [`Error::IdempotencyConflict`] if the operation id stands for another
    /// request, or if the database can't be reached.
    pub async fn write(&self, post: Post) -> Result<PostedUpdate> {
        let (answer, answered) = oneshot::channel();
        let until = Instant::now() + self.deadline;
        let waiting = Waiting {
            post,
            until,
            answer,
        };
        match timeout_at(until, self.queue.send(waiting)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Error::Unavailable(StorageError::closed())),
            Err(_) => return Err(Error::Unavailable(StorageError::timed_out())),
        }
        match timeout_at(until + LONGEST_CHANGE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::OutcomeUnknown(StorageError::closed())),
            Err(_) => Err(Error::OutcomeUnknown(StorageError::timed_out())),
        }
    }
}

/// Writes what waited.
#[derive(Debug)]
struct WriterTask {
    store: Store,
    clock: Clock,
    hub: Arc<Hub>,
    writes: Arc<WriteHealth>,
}

impl WriterTask {
    /// Writes posts in one transaction if that is possible, and answers each author.
    async fn write(&self, mut batch: Vec<Waiting>) {
        while let Some(until) = batch.iter().map(|waiting| waiting.until).min() {
            match self.store.revise_by(until).await {
                Ok(revision) => {
                    let (posts, authors): (Vec<_>, Vec<_>) = batch
                        .into_iter()
                        .map(|waiting| (waiting.post, waiting.answer))
                        .unzip();
                    let answers = self.write_or_retry(revision, &posts).await;
                    for (author, answer) in authors.into_iter().zip(answers) {
                        respond(author, answer);
                    }
                    return;
                }
                Err(error) => {
                    self.writes.note_error(&error);
                    // An error before the deadline is the database's own: it would reject the others, too.
                    let now = Instant::now();
                    let all = now < until;
                    batch = batch
                        .into_iter()
                        .filter_map(|waiting| {
                            if all || waiting.until <= now {
                                respond(waiting.answer, Err(error.clone()));
                                None
                            } else {
                                Some(waiting)
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
            Ok(answers) => answers,
            // One of them may be what the database rejects; the others needn't fail with it.
            Err(error) if posts.len() > 1 && !matches!(error, Error::OutcomeUnknown(_)) => {
                tracing::warn!(cause = ?error, posts = posts.len(), "posts could not be written together; each is tried alone");
                self.write_one_by_one(posts).await
            }
            Err(error) => posts.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn write_one_by_one(&self, posts: &[Post]) -> Vec<Result<PostedUpdate>> {
        let mut answers = Vec::with_capacity(posts.len());
        for (at, post) in posts.iter().enumerate() {
            match self.store.revise().await {
                Ok(revision) => match self.write_together(revision, slice::from_ref(post)).await {
                    Ok(answer) => answers.extend(answer),
                    Err(error) => answers.push(Err(error)),
                },
                // It would reject each of the others as slowly.
                Err(error) => {
                    answers.extend(posts[at..].iter().map(|_| Err(error.clone())));
                    break;
                }
            }
        }
        answers
    }

    /// Writes posts in one transaction, and returns what each came to.
    ///
    /// # Errors
    /// If none was written.
    async fn write_together(
        &self,
        revision: Revision,
        posts: &[Post],
    ) -> Result<Vec<Result<PostedUpdate>>> {
        let written = timeout(LONGEST_CHANGE, self.write_and_commit(revision, posts)).await;
        let written =
            written.unwrap_or_else(|_| Err(Error::OutcomeUnknown(StorageError::timed_out())));
        self.writes.note(&written);
        written
    }

    async fn write_and_commit(
        &self,
        mut revision: Revision,
        posts: &[Post],
    ) -> Result<Vec<Result<PostedUpdate>>> {
        let mut answers = Vec::with_capacity(posts.len());
        let mut written = None;
        for post in posts {
            let before = revision.last_rev();
            let answer = self.write_at(&mut revision, post).await;
            match &answer {
                Ok(posted) if posted.rev > before => written = Some(posted.rev),
                Err(error) if error.is_server_failure() => return Err(error.clone()),
                // Rejected, or known: nothing was written.
                _ => {}
            }
            answers.push(answer);
        }
        if let Some(rev) = written {
            revision.commit().await?;
            self.writes.note_commit();
            self.hub.commit(rev);
        }
        Ok(answers)
    }

    async fn write_at(&self, revision: &mut Revision, post: &Post) -> Result<PostedUpdate> {
        let entry = revision.snapshot().entry_known_as(&post.slug).await?;
        let entry = entry.ok_or(Error::NotFound("entry"))?;
        let request = named_request(entry.id, post);
        match request.earlier_outcome(revision.snapshot()).await? {
            Some(Outcome::Posted(posted)) => return Ok(posted),
            Some(_) => return Err(Error::IdempotencyConflict),
            None => {}
        }
        if entry.state == EntryState::Ended {
            return Err(Error::Forbidden(
                "This entry has ended. Start it again at your desk to post to it.",
            ));
        }
        if post.marks.contains(&Mark::Pinned) {
            may_pin(revision.snapshot(), &post.author, entry.id).await?;
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

fn respond(author: oneshot::Sender<Result<PostedUpdate>>, answer: Result<PostedUpdate>) {
    // An author who has gone will send it again, under the same operation id.
    let _ = author.send(answer);
}

/// A post as a named request. It goes to an entry, whatever the entry's slug is when it is sent again.
fn named_request(entry: EntryId, post: &Post) -> NamedRequest<'_> {
    let entry = entry.to_string();
    let headline = post
        .draft
        .headline
        .as_ref()
        .map_or("", |line| line.as_str());
    let text = [&*entry, headline, post.draft.source.as_str()];
    let marks = post.marks.iter().map(|mark| mark.as_str());
    NamedRequest::new(
        &post.author,
        Some(&post.op_id),
        text.into_iter().chain(marks),
    )
}

/// Now, less the time it waited; not before the entry began, and never in the future.
fn posted_at(entry: &Entry, now: Timestamp, waited: Duration) -> Timestamp {
    let waited = i64::try_from(waited.min(LONGEST_WAIT).as_micros()).unwrap_or(0);
    now.plus_micros(-waited)
        .clamp(entry.starts_at.min(now), now)
}
