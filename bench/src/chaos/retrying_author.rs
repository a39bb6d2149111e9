//! An author that retries every request until it is acknowledged. Calls of server functions follow
//! the composer's own retry policy ([`Submission`]).

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::{ATTEMPT_DEADLINE_MS, AttemptResult, Next, Submission};
use rand::RngExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{Author, Connection, Error, Response, Result};

/// The timeout of a request, as in the composer.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(ATTEMPT_DEADLINE_MS as u64);
/// How much faster the author's clock runs between two attempts: a test lasts a minute, while the
/// policy's pauses grow to half a minute.
const TIME_SCALE: u32 = 4;
/// The maximum pause before a request is repeated that is no call of a server function, in
/// milliseconds.
const MAX_RETRY_PAUSE_MS: u64 = 400;

/// An author's session on an unreliable network.
#[derive(Debug)]
pub struct RetryingAuthor {
    address: SocketAddr,
    author: Author,
    retries: AtomicU64,
    /// How many operation ids were created.
    op_ids: AtomicU64,
    /// The start of the author's clock.
    began: Instant,
}

impl RetryingAuthor {
    /// Creates an author who sends requests to `address`.
    pub fn new(address: SocketAddr, author: Author) -> Self {
        Self {
            address,
            author,
            retries: AtomicU64::new(0),
            op_ids: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// Returns how many requests were retried.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Calls a server function like the composer's outbox, until it responds. Returns the response
    /// if it is a conflict.
    ///
    /// # Errors
    ///
    /// If it is rejected for another reason.
    pub async fn call<T: DeserializeOwned>(
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
            let response = attempt(self.address, &request).await;
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
    pub fn new_op_id(&self) -> String {
        let number = self.op_ids.fetch_add(1, Ordering::Relaxed);
        format!("chaos-{number:08}")
    }

    /// Returns the time of the author's clock, in milliseconds.
    fn clock(&self) -> u64 {
        let passed = self.began.elapsed() * TIME_SCALE;
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Submits a form with one operation id until it is accepted (303). A server that is shutting
    /// down or has no database responds with 5xx. A network may respond with 200 in its place,
    /// which a form never does.
    ///
    /// # Errors
    ///
    /// If it is rejected.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("op_id", &self.new_op_id())
            .extend_pairs(fields)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let request = self.author.request(path, kind, &form);
        loop {
            match attempt(self.address, &request).await {
                Some(response) if response.status == 303 => return Ok(()),
                Some(response) if (400..500).contains(&response.status) => {
                    return Err(rejected(&request, Some(&response)));
                }
                _ => {}
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            pause().await;
        }
    }
}

/// Sends a request once. Returns `None` if no complete response arrives in time.
pub async fn attempt(address: SocketAddr, request: &[u8]) -> Option<Response> {
    let attempt = async { Connection::open(address).await?.request(request).await };
    timeout(ATTEMPT_TIMEOUT, attempt).await.ok()?.ok()
}

/// Waits before a request is repeated.
pub async fn pause() {
    let pause = rand::rng().random_range(MAX_RETRY_PAUSE_MS / 4..MAX_RETRY_PAUSE_MS);
    sleep(Duration::from_millis(pause)).await;
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

/// Returns the value of a request that can't be refused.
///
/// # Errors
///
/// If it was refused.
pub fn must<T>(result: Result<T, Response>) -> Result<T> {
    result.map_err(|response| rejected(b"", Some(&response)))
}

/// Returns the error for a request that must succeed and was rejected.
pub fn rejected(request: &[u8], response: Option<&Response>) -> Error {
    let request = String::from_utf8_lossy(request);
    let response = response.map_or_else(String::new, |response| {
        format!("{}{}", response.head, response.text())
    });
    Error::Violated(format!(
        "a request that must succeed was rejected: {response}\nThe request: {request}"
    ))
}

#[cfg(test)]
mod tests {
    use domain::PostedUpdate;

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
