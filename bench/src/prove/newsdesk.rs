//! Authors who never give up: what they ask for is asked again until it is acknowledged.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{PostedUpdate, UpdateId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::ledger::Ledger;
use crate::rig::{Answer, Author, Connection, Error, Result, text};

/// A request that takes longer was lost: as the page of an author has it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before a request is repeated, at most, in milliseconds: a hurry that only authors
/// in a proof are in.
const PAUSE_MS: u64 = 400;

/// What authors do all day.
#[derive(Debug)]
pub struct Newsdesk {
    network: SocketAddr,
    slug: String,
    author: Author,
    ledger: Mutex<Ledger>,
    retries: AtomicU64,
}

/// An answer, at last.
struct Acknowledged {
    answer: Answer,
    /// Whether a request before it may still be on its way.
    repeated: bool,
}

impl Newsdesk {
    /// Those who write the entry called `slug`, by way of `network`.
    pub fn new(network: SocketAddr, slug: &str, author: Author) -> Self {
        Self {
            network,
            slug: slug.to_owned(),
            author,
            ledger: Mutex::default(),
            retries: AtomicU64::new(0),
        }
    }

    /// What was acknowledged so far.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often something had to be asked again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Makes `changes` changes, `rate` a second: of ten, six are new, three edits, and one a deletion.
    /// Ends when every one of them is acknowledged.
    ///
    /// # Errors
    /// If one is refused.
    pub async fn work(self: &Arc<Self>, changes: usize, rate: u32, seed: u64) -> Result<()> {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1) / rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = JoinSet::new();
        for number in 0..changes {
            due.tick().await;
            let target = match dice.random_range(0..10) {
                0..6 => None,
                6..9 => self.ledger().take_to_edit(&mut dice).map(Target::Edit),
                _ => self.ledger().take_to_delete(&mut dice).map(Target::Delete),
            };
            let desk = Arc::clone(self);
            under_way.spawn(async move {
                match target {
                    None => desk.post(number).await,
                    Some(Target::Edit(id)) => desk.edit(id, number).await,
                    Some(Target::Delete(id)) => desk.delete(id).await,
                }
            });
            // What is refused ends the work at once.
            while let Some(done) = under_way.try_join_next() {
                done.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
        }
        while let Some(done) = under_way.join_next().await {
            done.map_err(|error| Error::Unexpected(error.to_string()))??;
        }
        Ok(())
    }

    /// Posts the `number`th text, once however often it is sent.
    pub async fn post(&self, number: usize) -> Result<()> {
        let body = serde_json::json!({
            "slug": self.slug,
            "op_id": format!("proof-{number:08}"),
            "source": text(number),
            "headline": "",
            "waited_ms": 0,
        });
        let body = body.to_string();
        let request = self
            .author
            .request("/fn/post_update", "application/json", &body);
        let answer = self.insist(&request, 200).await?.answer;
        let posted: PostedUpdate = serde_json::from_slice(&answer.body).map_err(|error| {
            Error::Disproved(format!("a post was answered {:?}: {error}", answer.text()))
        })?;
        self.ledger()
            .posted(posted.id, number)
            .map_err(Error::Disproved)
    }

    async fn edit(&self, id: UpdateId, number: usize) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("source", &text(number))
            .append_pair("headline", "")
            .finish();
        let done = self.submit(&format!("/desk/updates/{id}"), &form).await?;
        self.ledger().edited(id, number, done.repeated);
        Ok(())
    }

    async fn delete(&self, id: UpdateId) -> Result<()> {
        self.submit(&format!("/desk/updates/{id}/delete"), "")
            .await?;
        self.ledger().deleted(id);
        Ok(())
    }

    async fn submit(&self, path: &str, form: &str) -> Result<Acknowledged> {
        let kind = "application/x-www-form-urlencoded";
        let request = self.author.request(path, kind, form);
        self.insist(&request, 303).await
    }

    /// Asks until the answer is `wanted`. A server that is going, or has no database, says 5xx; nothing
    /// else is a reason to ask again.
    async fn insist(&self, request: &[u8], wanted: u16) -> Result<Acknowledged> {
        let mut repeated = false;
        loop {
            let attempt = async { Connection::open(self.network).await?.ask(request).await };
            match timeout(PATIENCE, attempt).await {
                Ok(Ok(answer)) if answer.status == wanted => {
                    return Ok(Acknowledged { answer, repeated });
                }
                Ok(Ok(answer)) if answer.status < 500 => {
                    let request = String::from_utf8_lossy(request);
                    return Err(Error::Disproved(format!(
                        "what must be done was refused: {}{}\nThe request: {request}",
                        answer.head,
                        answer.text()
                    )));
                }
                Ok(Ok(_) | Err(_)) | Err(_) => {}
            }
            repeated = true;
            self.retries.fetch_add(1, Ordering::Relaxed);
            let pause = rand::rng().random_range(PAUSE_MS / 4..PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
        }
    }
}

/// What is changed.
#[derive(Clone, Copy)]
enum Target {
    Edit(UpdateId),
    Delete(UpdateId),
}
