//! The queue of likes. Likes that arrive while others are committed share the next transaction, and
//! each of them costs one statement: a storm of likes must not delay chat messages.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use domain::{EntryId, Slug, Timestamp, UpdateId};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::target::likable;
use crate::{
    DatabaseFailure, Error, Result,
    model::room::{Origin, PersonId},
    rooms::rules::{sanctions::check_sanctions, sender::Sender},
    storage::{Counter, Revision},
    writes::{group_commit::GroupCommitWriter, write::Write},
};

/// The maximum number of likes in one transaction. The largest one takes some ten
/// milliseconds.
const MAX_BATCH: usize = 256;
/// The maximum number of likes that wait: a second of the largest storm.
const MAX_WAITING: usize = 2_048;
/// How long a like may wait for its place in the queue. After that the server is too busy.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

/// A like to set or to remove.
#[derive(Clone, Debug)]
pub struct Like {
    /// The slug of the update's entry, if the request names it.
    pub slug: Option<Slug>,
    /// The update.
    pub update: UpdateId,
    /// The person.
    pub voter: PersonId,
    /// Where the request came from.
    pub origin: Origin,
    /// Whether the person likes the update.
    pub liked: bool,
}

/// A like, and where the number of the update's likes is sent to.
type Waiting = (Like, oneshot::Sender<Result<i64>>);

/// The queue, which is emptied by a task of its own.
#[derive(Debug)]
pub struct LikeQueue(mpsc::Sender<Waiting>);

impl LikeQueue {
    /// Starts the task, which ends when the queue is dropped.
    pub fn start(writer: Arc<GroupCommitWriter>) -> Self {
        let (queue, mut waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(async move {
            let mut batch = Vec::<Waiting>::new();
            while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
                let (likes, responses): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
                let results: Vec<Result<i64>> = match writer.write(SetLikes(likes)).await {
                    Ok(written) => written.output,
                    Err(error) => vec![Err(error); responses.len()],
                };
                for (response, result) in responses.into_iter().zip(results) {
                    // A client that disconnected will send its request again.
                    let _ = response.send(result);
                }
            }
        });
        Self(queue)
    }

    /// Sets or removes a like, and returns the number of the update's likes after that.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if readers can see no such update, [`Error::Busy`] if too many
    /// likes wait, and an error if the database can't be reached.
    pub async fn set(&self, like: Like) -> Result<i64> {
        let (response, result) = oneshot::channel();
        match timeout(QUEUE_TIMEOUT, self.0.send((like, response))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Error::Unavailable(DatabaseFailure::closed())),
            Err(_) => return Err(Error::Busy),
        }
        // The writer has a deadline for each transaction.
        result
            .await
            .unwrap_or_else(|_| Err(Error::OutcomeUnknown(DatabaseFailure::closed())))
    }
}

/// What identifies an update in requests.
type Target = (Option<Slug>, UpdateId);

/// Likes of one transaction, in the order of their arrival.
#[derive(Debug)]
struct SetLikes(Vec<Like>);

impl Write for SetLikes {
    /// The number of likes of each like's update.
    type Output = Vec<Result<i64>>;

    fn counter(&self) -> Counter {
        Counter::COUNTS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<Vec<Result<i64>>> {
        let entries = self.entries(revision).await?;
        let banned = self.banned(revision, now).await?;
        let mut differences = BTreeMap::<UpdateId, i64>::new();
        for like in &self.0 {
            if matches!(entries.get(&like.target()), Some(Ok(_)))
                && !banned.contains_key(&like.voter)
                && revision
                    .set_like(like.update, &like.voter, like.liked)
                    .await?
            {
                *differences.entry(like.update).or_default() += if like.liked { 1 } else { -1 };
            }
        }
        // Requests identify an update in several ways: with a slug, or without one.
        let likable = entries.iter().filter_map(|((_, update), entry)| {
            let entry = entry.as_ref().ok()?;
            Some((*update, *entry))
        });
        let mut counts = HashMap::new();
        for (update, entry) in likable.collect::<BTreeMap<_, _>>() {
            let difference = differences.get(&update).copied().unwrap_or_default();
            if difference != 0 {
                revision
                    .change_like_count(entry, update, difference)
                    .await?;
            }
            counts.insert(update, revision.snapshot().likes(update).await?);
        }
        let count = |like: &Like| match entries.get(&like.target()) {
            Some(Ok(_)) => match banned.get(&like.voter) {
                Some(error) => Err(error.clone()),
                None => Ok(counts.get(&like.update).copied().unwrap_or_default()),
            },
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::NotFound("update")),
        };
        Ok(self.0.iter().map(count).collect())
    }
}

impl SetLikes {
    /// Returns the entry of each update, or why it can't be liked.
    async fn entries(&self, revision: &mut Revision) -> Result<HashMap<Target, Result<EntryId>>> {
        let mut entries = HashMap::new();
        for like in &self.0 {
            let target = like.target();
            if entries.contains_key(&target) {
                continue;
            }
            let entry = likable(revision.snapshot(), like.slug.as_ref(), like.update).await;
            if let Err(error) = &entry
                && error.is_server_failure()
            {
                return Err(error.clone());
            }
            entries.insert(target, entry);
        }
        Ok(entries)
    }

    /// Returns the voters who may not like anything, and why.
    async fn banned(
        &self,
        revision: &mut Revision,
        now: Timestamp,
    ) -> Result<HashMap<PersonId, Error>> {
        let mut banned = HashMap::new();
        let snapshot = revision.snapshot();
        if snapshot.running_sanctions(now, 1).await?.is_empty() {
            return Ok(banned);
        }
        for like in &self.0 {
            let sender = Sender {
                caller: None,
                person: &like.voter,
                origin: &like.origin,
            };
            match check_sanctions(snapshot, None, sender, now).await {
                Ok(()) => {}
                Err(error) if error.is_server_failure() => return Err(error),
                Err(error) => {
                    banned.insert(like.voter.clone(), error);
                }
            }
        }
        Ok(banned)
    }
}

impl Like {
    /// Returns what identifies the update in requests.
    fn target(&self) -> Target {
        (self.slug.clone(), self.update)
    }
}
