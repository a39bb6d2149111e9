//! Authors who never give up: what they send is sent again until it is acknowledged. Posts follow the
//! composer's own retry policy ([`Submission`]).

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{ATTEMPT_DEADLINE_MS, AttemptResult, Next, PostedUpdate, Submission, UpdateId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::acknowledgements::Acknowledgements;
use crate::harness::{Answer, Author, Connection, Error, Result, text};

/// A request that takes longer was lost: as the page of an author has it.
const PATIENCE: Duration = Duration::from_millis(ATTEMPT_DEADLINE_MS as u64);
/// How much faster the clock of authors runs between two attempts: a proof lasts a minute, and the
/// policy's pauses grow to half a minute.
const TIME_SCALE: u32 = 4;
/// How long an author takes to press Post again, in milliseconds of their clock.
const PRESS_MS: u64 = 1_000;
/// How long to wait before an edit or a deletion is repeated, at most, in milliseconds.
const PAUSE_MS: u64 = 400;

/// Among how many changes one changes the entry itself.
const CHANGE_EVERY: usize = 40;
/// Among how many changes of the entry one gives it another zone or slug: all of its cards then change.
const REVISE_EVERY: usize = 5;
/// Among how many changes a draft is published.
const DRAFT_EVERY: usize = 150;
/// How many updates a draft has.
const DRAFT_UPDATES: usize = 3;
/// The first text of drafts: no other update has it.
const DRAFT_TEXTS: usize = 1_000_000;

/// What authors do all day.
#[derive(Debug)]
pub struct Writers {
    network: SocketAddr,
    slug: String,
    author: Author,
    acknowledged: Mutex<Acknowledgements>,
    retries: AtomicU64,
    /// How many operation ids were made.
    names: AtomicU64,
    /// The entries that were drafts and are public, and the texts of their updates.
    published: Mutex<Vec<(String, Vec<usize>)>>,
    /// When the authors began: their clock begins at 0.
    began: Instant,
}

/// What an attempt to post came to, as the composer sees it: only what can be decoded is an answer.
fn result_of(answer: &Answer) -> (AttemptResult, Option<PostedUpdate>) {
    if answer.status < 400 {
        return match serde_json::from_slice(&answer.body) {
            Ok(posted) => (AttemptResult::Published, Some(posted)),
            Err(_) => (AttemptResult::NoResponse, None),
        };
    }
    // An error of a server function is an object: its kind, and its sentence.
    let error: BTreeMap<String, String> = serde_json::from_slice(&answer.body).unwrap_or_default();
    let result = match error.keys().next().map(String::as_str) {
        Some("LoggedOut") => AttemptResult::Unauthenticated,
        Some("Refused") => AttemptResult::Refused,
        Some("Unavailable") => AttemptResult::Unavailable,
        _ => AttemptResult::NoResponse,
    };
    (result, None)
}

impl Writers {
    /// Those who write the entry called `slug`, by way of `network`.
    pub fn new(network: SocketAddr, slug: &str, author: Author) -> Self {
        Self {
            network,
            slug: slug.to_owned(),
            author,
            acknowledged: Mutex::default(),
            retries: AtomicU64::new(0),
            names: AtomicU64::new(0),
            published: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// What was acknowledged so far.
    pub fn acknowledged(&self) -> MutexGuard<'_, Acknowledgements> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How often something had to be asked again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// The entries that were drafts and are public, and the texts of their updates.
    pub fn published(&self) -> MutexGuard<'_, Vec<(String, Vec<usize>)>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `changes` changes, `rate` a second: of ten, six are new, three edits, and one a deletion.
    /// Besides, now and then the entry gets another title, zone or slug, and a draft is published.
    /// Ends when every one of them is acknowledged.
    ///
    /// # Errors
    /// If one is refused.
    pub async fn work(self: &Arc<Self>, changes: usize, rate: u32, seed: u64) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1) / rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = JoinSet::new();
        for number in 0..changes {
            due.tick().await;
            let target = match rng.random_range(0..10) {
                0..6 => None,
                6..9 => self.acknowledged().take_to_edit(&mut rng).map(Target::Edit),
                _ => self
                    .acknowledged()
                    .take_to_delete(&mut rng)
                    .map(Target::Delete),
            };
            let desk = Arc::clone(self);
            under_way.spawn(async move {
                if number % DRAFT_EVERY == DRAFT_EVERY / 2 {
                    desk.publish_draft(number).await?;
                }
                if number % CHANGE_EVERY == CHANGE_EVERY / 2 {
                    desk.change_entry(number / CHANGE_EVERY).await?;
                }
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

    /// Posts the `number`th text as the composer does, until it is published.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn post(&self, number: usize) -> Result<()> {
        let posted = self.post_to(&self.slug, number).await?;
        self.acknowledged()
            .posted(posted.id, number)
            .map_err(Error::Violated)
    }

    async fn post_to(&self, slug: &str, number: usize) -> Result<PostedUpdate> {
        let mut submission = Submission::default();
        loop {
            let attempt = submission.start(|| self.new_op_id(), self.clock());
            let body = serde_json::json!({
                "slug": slug,
                "op_id": attempt.op_id,
                "source": text(number),
                "headline": "",
                "waited_ms": 0,
            });
            let kind = "application/json";
            let request = self
                .author
                .request("/fn/post_update", kind, &body.to_string());
            let answer = self.attempt(&request).await;
            let (result, posted) = answer
                .as_ref()
                .map_or((AttemptResult::NoResponse, None), result_of);
            if let Some(posted) = posted {
                return Ok(posted);
            }
            let jitter = rand::rng().random();
            let pause = match submission.finish(result, self.clock(), jitter) {
                Next::RetryAt(at) => at.saturating_sub(self.clock()),
                Next::WaitForAuthor => PRESS_MS,
                Next::Published | Next::Refused | Next::LogIn => {
                    return Err(refused(&request, answer.as_ref()));
                }
            };
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(pause) / TIME_SCALE).await;
        }
    }

    /// A name that no other act of posting has. Should the policy take another one for a text whose
    /// publication is in doubt, the text is there twice in the end.
    fn new_op_id(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("proof-{number:08}")
    }

    /// The authors' clock, in milliseconds.
    fn clock(&self) -> u64 {
        let passed = self.began.elapsed() * TIME_SCALE;
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    async fn edit(&self, id: UpdateId, number: usize) -> Result<()> {
        let fields = [("source", &*text(number)), ("headline", "")];
        self.submit(&format!("/desk/updates/{id}"), &fields).await?;
        self.acknowledged().edited(id, number);
        Ok(())
    }

    /// Gives the entry its `turn`th title, and every few turns another zone or another slug. Old slugs
    /// redirect, so that everybody goes on by the first.
    async fn change_entry(&self, turn: usize) -> Result<()> {
        const ZONES: [&str; 3] = ["UTC", "Europe/Paris", "Asia/Tokyo"];
        let round = turn / REVISE_EVERY;
        let slug = match round / 2 {
            0 => self.slug.clone(),
            renamed => format!("{}-{renamed}", self.slug),
        };
        let fields = [
            ("title", &*format!("{} {turn}", self.slug)),
            ("slug", &*slug),
            ("summary", ""),
            ("time_zone", ZONES[round.div_ceil(2) % ZONES.len()]),
            ("default_order", "oldest"),
        ];
        self.submit(&format!("/desk/entries/{}/edit", self.slug), &fields)
            .await
    }

    /// Creates a draft, posts to it, and publishes it.
    async fn publish_draft(&self, number: usize) -> Result<()> {
        let slug = format!("draft-{number}");
        let fields = [("title", &*slug), ("slug", &*slug), ("state", "draft")];
        self.submit("/desk/entries", &fields).await?;
        let texts: Vec<_> = (0..DRAFT_UPDATES)
            .map(|update| DRAFT_TEXTS + number * DRAFT_UPDATES + update)
            .collect();
        for text in &texts {
            self.post_to(&slug, *text).await?;
        }
        self.submit(&format!("/desk/entries/{slug}/start"), &[])
            .await?;
        self.published().push((slug, texts));
        Ok(())
    }

    async fn delete(&self, id: UpdateId) -> Result<()> {
        self.submit(&format!("/desk/updates/{id}/delete"), &[])
            .await?;
        self.acknowledged().deleted(id);
        Ok(())
    }

    /// Submits a form under one operation id until it is accepted (303). A server that is going, or has
    /// no database, says 5xx; and a network may answer 200 in its place, which a form never does.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("op_id", &self.new_op_id())
            .extend_pairs(fields)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let request = self.author.request(path, kind, &form);
        loop {
            match self.attempt(&request).await {
                Some(answer) if answer.status == 303 => return Ok(()),
                Some(answer) if (400..500).contains(&answer.status) => {
                    return Err(refused(&request, Some(&answer)));
                }
                _ => {}
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            let pause = rand::rng().random_range(PAUSE_MS / 4..PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Sends a request once; `None` if no whole answer comes in time.
    async fn attempt(&self, request: &[u8]) -> Option<Answer> {
        let attempt = async { Connection::open(self.network).await?.ask(request).await };
        timeout(PATIENCE, attempt).await.ok()?.ok()
    }
}

/// The proof's end: what must be done was refused.
fn refused(request: &[u8], answer: Option<&Answer>) -> Error {
    let request = String::from_utf8_lossy(request);
    let answer = answer.map_or_else(String::new, |answer| {
        format!("{}{}", answer.head, answer.text())
    });
    Error::Violated(format!(
        "what must be done was refused: {answer}\nThe request: {request}"
    ))
}

/// What is changed.
#[derive(Clone, Copy)]
enum Target {
    Edit(UpdateId),
    Delete(UpdateId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_decoded_is_an_answer() {
        let answer = |status, body: &str| Answer {
            status,
            head: String::new(),
            body: body.into(),
        };
        for (status, body, result) in [
            (200, r#"{"id":4,"rev":9}"#, AttemptResult::Published),
            (200, r#"{"id":4,"re"#, AttemptResult::NoResponse),
            (200, "<html></html>", AttemptResult::NoResponse),
            (502, "<html></html>", AttemptResult::NoResponse),
            (503, "Too many requests", AttemptResult::NoResponse),
            (
                503,
                r#"{"Unavailable":"Try again."}"#,
                AttemptResult::Unavailable,
            ),
            (422, r#"{"Refused":"No."}"#, AttemptResult::Refused),
            (
                401,
                r#"{"LoggedOut":"Log in."}"#,
                AttemptResult::Unauthenticated,
            ),
            (500, r#""Unreachable""#, AttemptResult::NoResponse),
        ] {
            assert_eq!(
                result_of(&answer(status, body)).0,
                result,
                "{status} {body}"
            );
        }
    }
}
