//! Authors that retry every request until it is acknowledged. Posts and edits follow the composer's
//! own retry policy ([`Submission`]).

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    ATTEMPT_DEADLINE_MS, AttemptResult, EditResult, Next, PostedUpdate, Submission, UpdateId,
    UpdateSource,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::acknowledgements::Acknowledgements;
use crate::harness::{Author, Connection, Error, Response, Result, text};

/// The timeout of a request, as in the composer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(ATTEMPT_DEADLINE_MS as u64);
/// How much faster the authors' clock runs between two attempts: a test lasts a minute, while the
/// policy's pauses grow to half a minute.
const TIME_SCALE: u32 = 4;
/// The maximum pause before an edit or a deletion is retried, in milliseconds.
const MAX_RETRY_PAUSE_MS: u64 = 400;

/// One of this many changes also changes the entry itself.
const CHANGE_EVERY: usize = 40;
/// One of this many changes of the entry changes its time zone or slug, and with it all of its
/// cards.
const REVISE_EVERY: usize = 5;
/// One of this many changes also publishes a draft.
const DRAFT_EVERY: usize = 150;
/// How many updates a draft has.
const DRAFT_UPDATES: usize = 3;
/// The number of the first text of drafts; other updates have lower numbers.
const DRAFT_TEXTS: usize = 1_000_000;

/// The authors, and what was acknowledged to them.
#[derive(Debug)]
pub struct Writers {
    address: SocketAddr,
    slug: String,
    author: Author,
    acknowledged: Mutex<Acknowledgements>,
    retries: AtomicU64,
    /// How many operation ids were created.
    op_ids: AtomicU64,
    /// The entries that were published from drafts, and the texts of their updates.
    published: Mutex<Vec<(String, Vec<usize>)>>,
    /// The start of the authors' clock.
    began: Instant,
}

/// Returns the result of an attempt, as the composer determines it: only a decoded body counts as a
/// response.
fn result_of<T: DeserializeOwned>(response: &Response) -> (AttemptResult, Option<T>) {
    if response.status < 400 {
        return match serde_json::from_slice(&response.body) {
            Ok(value) => (AttemptResult::Done, Some(value)),
            Err(_) => (AttemptResult::NoResponse, None),
        };
    }
    // An error of a server function is an object with one key: its kind.
    let error: BTreeMap<String, Value> = serde_json::from_slice(&response.body).unwrap_or_default();
    let result = match error.keys().next().map(String::as_str) {
        Some("LoggedOut") => AttemptResult::Unauthenticated,
        Some("Refused" | "Conflict" | "Removed") => AttemptResult::Refused,
        Some("Unavailable") => AttemptResult::Unavailable,
        _ => AttemptResult::NoResponse,
    };
    (result, None)
}

impl Writers {
    /// Creates the authors of the entry with `slug`, who send their requests to `address`.
    pub fn new(address: SocketAddr, slug: &str, author: Author) -> Self {
        Self {
            address,
            slug: slug.to_owned(),
            author,
            acknowledged: Mutex::default(),
            retries: AtomicU64::new(0),
            op_ids: AtomicU64::new(0),
            published: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// Returns what has been acknowledged so far.
    pub fn acknowledged(&self) -> MutexGuard<'_, Acknowledgements> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many requests were retried.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Returns the entries that were published from drafts, and the texts of their updates.
    pub fn published(&self) -> MutexGuard<'_, Vec<(String, Vec<usize>)>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes `changes` changes, `rate` a second: of ten, six are posts, three edits, and one a
    /// deletion. In between, the entry gets another title, time zone or slug, and drafts are
    /// published. Returns when all changes are acknowledged.
    ///
    /// # Errors
    ///
    /// If a change is rejected.
    pub async fn make_changes(
        self: &Arc<Self>,
        changes: usize,
        rate: u32,
        seed: u64,
    ) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1) / rate);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut under_way = JoinSet::new();
        for number in 0..changes {
            due.tick().await;
            let target = match rng.random_range(0..10) {
                0..6 => None,
                6..9 => self
                    .acknowledged()
                    .reserve_for_edit(&mut rng)
                    .map(Target::Edit),
                _ => self
                    .acknowledged()
                    .reserve_for_deletion(&mut rng)
                    .map(Target::Delete),
            };
            let writers = Arc::clone(self);
            under_way.spawn(async move {
                if number % DRAFT_EVERY == DRAFT_EVERY / 2 {
                    writers.publish_draft(number).await?;
                }
                if number % CHANGE_EVERY == CHANGE_EVERY / 2 {
                    writers.change_entry(number / CHANGE_EVERY).await?;
                }
                match target {
                    None => writers.post(number).await,
                    Some(Target::Edit(id)) => writers.edit(id, number).await,
                    Some(Target::Delete(id)) => writers.delete(id).await,
                }
            });
            // A rejected change ends the test at once.
            while let Some(done) = under_way.try_join_next() {
                done.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
        }
        while let Some(done) = under_way.join_next().await {
            done.map_err(|error| Error::Unexpected(error.to_string()))??;
        }
        Ok(())
    }

    /// Posts the `number`th text like the composer, until it is published.
    ///
    /// # Errors
    ///
    /// If it is rejected.
    pub async fn post(&self, number: usize) -> Result<()> {
        let posted = self.post_to(&self.slug, number).await?;
        self.acknowledged()
            .posted(posted.id, number)
            .map_err(Error::Violated)
    }

    async fn post_to(&self, slug: &str, number: usize) -> Result<PostedUpdate> {
        let arguments = serde_json::json!({
            "slug": slug,
            "op_id": self.new_op_id(),
            "source": text(number),
            "headline": "",
        });
        let posted = self.call("post_update", &arguments).await?;
        posted.map_err(|response| rejected(b"post_update", Some(&response)))
    }

    /// Calls a server function like the composer's outbox, until it responds. Returns the response
    /// if it is a conflict.
    async fn call<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
    ) -> Result<Result<T, Response>> {
        let path = format!("/fn/{function}");
        let request = self
            .author
            .request(&path, "application/json", &arguments.to_string());
        let mut submission = Submission::default();
        loop {
            submission.start();
            let response = self.attempt(&request).await;
            let (result, value) = response
                .as_ref()
                .map_or((AttemptResult::NoResponse, None), result_of);
            if let Some(value) = value {
                return Ok(Ok(value));
            }
            let jitter = rand::rng().random();
            let pause = match submission.finish(result, self.clock(), jitter) {
                Next::RetryAt(at) => at.saturating_sub(self.clock()),
                Next::Done | Next::Refused | Next::LogIn => {
                    return match response {
                        Some(response) if response.status == 409 => Ok(Err(response)),
                        response => Err(rejected(&request, response.as_ref())),
                    };
                }
            };
            self.retries.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(pause) / TIME_SCALE).await;
        }
    }

    /// Returns a unique operation id.
    fn new_op_id(&self) -> String {
        let number = self.op_ids.fetch_add(1, Ordering::Relaxed);
        format!("chaos-{number:08}")
    }

    /// Returns the time of the authors' clock, in milliseconds.
    fn clock(&self) -> u64 {
        let passed = self.began.elapsed() * TIME_SCALE;
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Edits an update that is reserved, like the page's editor. Nobody else edits it, and marks
    /// and changes of the entry are no conflicts, so a conflict is an error.
    ///
    /// # Errors
    ///
    /// If the edit is rejected.
    pub async fn edit(&self, id: UpdateId, number: usize) -> Result<()> {
        let op_id = self.new_op_id();
        loop {
            let wanted = serde_json::json!({ "id": id });
            let loaded: UpdateSource = self
                .call("update_source", &wanted)
                .await?
                .map_err(|response| rejected(b"update_source", Some(&response)))?;
            let arguments = serde_json::json!({
                "id": id,
                "op_id": op_id,
                "source": text(number),
                "headline": "",
                "base": loaded.base,
            });
            let edited: Result<EditResult, Response> = self.call("edit_update", &arguments).await?;
            match edited {
                Ok(_) => {
                    self.acknowledged().edited(id, number);
                    return Ok(());
                }
                // Another epoch began after the update was loaded.
                Err(conflict) if conflict.text().contains(r#""reason":"other-epoch""#) => {}
                Err(conflict) => {
                    let request = arguments.to_string();
                    return Err(rejected(request.as_bytes(), Some(&conflict)));
                }
            }
        }
    }

    /// Sets the entry's `turn`th title, and every few turns another time zone or slug. Previous
    /// slugs redirect, so all requests keep using the first one.
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

    /// Submits a form with one operation id until it is accepted (303). A server that is shutting
    /// down or has no database responds with 5xx. A network may respond with 200 in its place,
    /// which a form never does.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("op_id", &self.new_op_id())
            .extend_pairs(fields)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let request = self.author.request(path, kind, &form);
        loop {
            match self.attempt(&request).await {
                Some(response) if response.status == 303 => return Ok(()),
                Some(response) if (400..500).contains(&response.status) => {
                    return Err(rejected(&request, Some(&response)));
                }
                _ => {}
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            let pause = rand::rng().random_range(MAX_RETRY_PAUSE_MS / 4..MAX_RETRY_PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Sends a request once. Returns `None` if no complete response arrives in time.
    async fn attempt(&self, request: &[u8]) -> Option<Response> {
        let attempt = async { Connection::open(self.address).await?.request(request).await };
        timeout(ATTEMPT_TIMEOUT, attempt).await.ok()?.ok()
    }
}

/// Returns the error for a request that must succeed and was rejected.
fn rejected(request: &[u8], response: Option<&Response>) -> Error {
    let request = String::from_utf8_lossy(request);
    let response = response.map_or_else(String::new, |response| {
        format!("{}{}", response.head, response.text())
    });
    Error::Violated(format!(
        "a request that must succeed was rejected: {response}\nThe request: {request}"
    ))
}

/// The update that a change applies to.
#[derive(Clone, Copy)]
enum Target {
    Edit(UpdateId),
    Delete(UpdateId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_decoded_body_counts_as_a_response() {
        let response = |status, body: &str| Response {
            status,
            head: String::new(),
            body: body.into(),
        };
        for (status, body, result) in [
            (200, r#"{"id":4,"rev":9}"#, AttemptResult::Done),
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
            (409, r#"{"Conflict":{"source":""}}"#, AttemptResult::Refused),
            (
                401,
                r#"{"LoggedOut":"Log in."}"#,
                AttemptResult::Unauthenticated,
            ),
            (500, r#""Unreachable""#, AttemptResult::NoResponse),
        ] {
            assert_eq!(
                result_of::<PostedUpdate>(&response(status, body)).0,
                result,
                "{status} {body}"
            );
        }
    }
}
