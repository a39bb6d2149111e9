//! Posts on their way to the disk. Those that come while others are being written wait, and are then
//! written together: a commit waits for the disk, and many posts can wait for the same one.

use std::{slice, sync::Arc, time::Duration};

use domain::{Draft, EntryId, EntryState, Mark, OpId, PostedUpdate, Slug, Timestamp, Viewer};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Clock, Entry, Error, Result, SafeHtml,
    live::Hub,
    posting::{may_pin, request_hash},
    storage::{NewUpdate, Operation, Outcome, Revision, StorageError, Store},
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
    pub author: Viewer,
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
pub struct PostQueue(mpsc::Sender<Waiting>);

#[derive(Debug)]
struct Waiting {
    post: Post,
    answer: oneshot::Sender<Result<PostedUpdate>>,
}

impl PostQueue {
    /// Begins to write posts, until this is dropped.
    pub fn start(store: Store, clock: Clock, hub: Arc<Hub>) -> Self {
        let (queue, mut waiting) = mpsc::channel(AT_ONCE);
        let press = Press { store, clock, hub };
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(AT_ONCE);
            while waiting.recv_many(&mut batch, AT_ONCE).await > 0 {
                press.write(batch.drain(..)).await;
            }
        });
        Self(queue)
    }

    /// Whether posts are still written.
    pub fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// Writes a post durably, or answers what it came to the first time.
    ///
    /// # Errors
    /// [`Error::Unknown`] if there is no such entry, [`Error::Forbidden`] if it has ended or
    /// somebody else's pin is in the way, [`Error::Repeated`] if the name stands for something else, or if the database can't be reached.
    pub async fn write(&self, post: Post) -> Result<PostedUpdate> {
        let (answer, answered) = oneshot::channel();
        let closed = || Error::Storage(StorageError::closed());
        let waiting = Waiting { post, answer };
        self.0.send(waiting).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// Why none of some posts was written.
#[derive(Debug)]
enum Failure {
    /// The database can't be reached: it would refuse each of them as slowly.
    Away(Error),
    /// It failed on the way; any of them may be why.
    Underway(Error),
}

impl Failure {
    /// What each of `posts` came to.
    fn of_each(self, posts: &[Post]) -> Vec<Result<PostedUpdate>> {
        let (Self::Away(error) | Self::Underway(error)) = self;
        posts.iter().map(|_| Err(error.clone())).collect()
    }
}

/// Writes what waited.
#[derive(Debug)]
struct Press {
    store: Store,
    clock: Clock,
    hub: Arc<Hub>,
}

impl Press {
    async fn write(&self, batch: impl Iterator<Item = Waiting>) {
        let (posts, authors): (Vec<_>, Vec<_>) =
            batch.map(|waiting| (waiting.post, waiting.answer)).unzip();
        let answers = match self.write_together(&posts).await {
            Ok(answers) => answers,
            // One of them may be what the database stumbles over; the others needn't suffer for it.
            Err(Failure::Underway(error)) if posts.len() > 1 => {
                tracing::warn!(cause = ?error, posts = posts.len(), "posts could not be written together; each is tried alone");
                self.write_one_by_one(&posts).await
            }
            Err(failure) => failure.of_each(&posts),
        };
        for (author, answer) in authors.into_iter().zip(answers) {
            // An author who has gone will ask again, by the same name.
            let _ = author.send(answer);
        }
    }

    async fn write_one_by_one(&self, posts: &[Post]) -> Vec<Result<PostedUpdate>> {
        let mut answers = Vec::with_capacity(posts.len());
        for (at, post) in posts.iter().enumerate() {
            match self.write_together(slice::from_ref(post)).await {
                Ok(answer) => answers.extend(answer),
                Err(Failure::Underway(error)) => answers.push(Err(error)),
                Err(failure) => {
                    answers.extend(failure.of_each(&posts[at..]));
                    break;
                }
            }
        }
        answers
    }

    /// Writes posts in one transaction: what each came to, or why none was written.
    async fn write_together(&self, posts: &[Post]) -> Result<Vec<Result<PostedUpdate>>, Failure> {
        let mut revision = self.store.revise().await.map_err(Failure::Away)?;
        let mut answers = Vec::with_capacity(posts.len());
        // The last revision that holds a post.
        let mut written = None;
        for post in posts {
            if written == Some(revision.rev()) {
                revision.advance().await.map_err(Failure::Underway)?;
            }
            let answer = self.write_at(&mut revision, post).await;
            match &answer {
                Ok(posted) if posted.rev == revision.rev() => written = Some(posted.rev),
                Err(error @ Error::Storage(_)) => return Err(Failure::Underway(error.clone())),
                // Refused, or known: nothing was written.
                _ => {}
            }
            answers.push(answer);
        }
        if let Some(rev) = written {
            revision.commit().await.map_err(Failure::Underway)?;
            self.hub.commit(rev);
        }
        Ok(answers)
    }

    async fn write_at(&self, revision: &mut Revision, post: &Post) -> Result<PostedUpdate> {
        let entry = revision.snapshot().entry_known_as(&post.slug).await?;
        let entry = entry.ok_or(Error::Unknown("entry"))?;
        let request_hash = hash_of_post(entry.id, post);
        let known = revision.snapshot().operation(post.author.id, &post.op_id);
        if let Some(done) = known.await? {
            return match done.outcome {
                Outcome::Posted(posted) if done.request_hash == request_hash => Ok(posted),
                _ => Err(Error::Repeated),
            };
        }
        if entry.state == EntryState::Ended {
            return Err(Error::Forbidden(
                "This entry has ended. Start it again at your desk to post to it.",
            ));
        }
        if post.marks.contains(&Mark::Pinned) {
            may_pin(revision.snapshot(), &post.author, entry.id).await?;
        }
        let update = NewUpdate {
            entry_id: entry.id,
            author_id: post.author.id,
            draft: &post.draft,
            html: &post.html,
            marks: &post.marks,
            posted_at: posted_at(&entry, self.clock.now(), post.waited),
        };
        let result = PostedUpdate {
            id: revision.add_update(&update).await?,
            rev: revision.rev(),
        };
        let operation = Operation {
            request_hash,
            outcome: Outcome::Posted(result),
        };
        revision
            .add_operation(post.author.id, &post.op_id, &operation)
            .await?;
        Ok(result)
    }
}

/// What a post is known by. It goes to an entry, whatever that is called when it is sent again.
fn hash_of_post(entry: EntryId, post: &Post) -> Vec<u8> {
    let entry = entry.to_string();
    let headline = post
        .draft
        .headline
        .as_ref()
        .map_or("", |line| line.as_str());
    let text = [&*entry, headline, post.draft.source.as_str()];
    let marks = post.marks.iter().map(|mark| mark.as_str());
    request_hash(text.into_iter().chain(marks))
}

/// Now, less the time it waited; not before the entry began, and never in the future.
fn posted_at(entry: &Entry, now: Timestamp, waited: Duration) -> Timestamp {
    let waited = i64::try_from(waited.min(LONGEST_WAIT).as_micros()).unwrap_or(0);
    now.plus_micros(-waited)
        .clamp(entry.starts_at.min(now), now)
}
