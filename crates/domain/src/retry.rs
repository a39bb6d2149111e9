//! Decides how a request is resent until the server has responded to it: the meaning of each
//! result, and when the next attempt is due.
//!
//! A request keeps its operation id from its first attempt to its last, so it is carried out once.

use serde::{Deserialize, Serialize};

/// The deadline of one attempt, in milliseconds. The server usually responds sooner: it waits at
/// most five seconds for a free rendering thread, and two for the update to become visible.
pub const ATTEMPT_DEADLINE_MS: u32 = 15_000;

/// The longest pause before the first retry, in milliseconds; it doubles with each failure. A
/// server restarts within a second or two.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest pause before any retry, in milliseconds. Short enough for a waiting author to see
/// that retries continue.
const LONGEST_PAUSE_MS: u64 = 30_000;

/// The result of an attempt.
///
/// Only a decoded response of our own server counts as a response. Everything else is
/// [`NoResponse`]: a timeout, a failed connection, a truncated body, and a foreign body of any
/// status (the HTML page of a proxy's 502, or of a captive portal's 200).
///
/// [`NoResponse`]: AttemptResult::NoResponse
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The server carried out the request.
    Done,
    /// The server rejected the request or its author.
    Refused,
    /// The server responded that the session has ended, or is another account's.
    Unauthenticated,
    /// The server responded that it can't process the request now, or that it doesn't know whether
    /// it did.
    Unavailable,
    /// The server did not respond: the request may be carried out or not.
    NoResponse,
}

/// What has to be done after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the server carried out the request.
    Done,
    /// Show the server's error message: the author must decide.
    Refused,
    /// Let the author log in, and then send the request again.
    LogIn,
    /// Send the request again at this time, in milliseconds on the caller's clock.
    RetryAt(u64),
}

/// The attempts to send one request. Store it with the request, so that a reloaded page continues.
///
/// Does no I/O: callers pass the time in milliseconds, and random numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The number of attempts that have no response.
    #[serde(default)]
    unanswered: u32,
    /// Whether the server refused the request, so that it waits for its author.
    #[serde(default)]
    is_refused: bool,
    /// The number of attempts in a row that failed for reasons the author can't change.
    #[serde(skip)]
    failures: u32,
    /// When the next attempt is due.
    #[serde(skip)]
    retry_at: u64,
}

impl Submission {
    /// Begins an attempt.
    pub const fn start(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.is_refused = false;
    }

    /// Ends the latest attempt with `result`, at `now`. `jitter` in `[0, 1)` spreads the retries of
    /// many authors.
    pub fn finish(&mut self, result: AttemptResult, now: u64, jitter: f64) -> Next {
        match result {
            AttemptResult::Done => {
                *self = Self::default();
                Next::Done
            }
            AttemptResult::Refused => {
                self.record_response();
                self.is_refused = true;
                Next::Refused
            }
            AttemptResult::Unauthenticated => {
                self.record_response();
                Next::LogIn
            }
            AttemptResult::Unavailable | AttemptResult::NoResponse => {
                self.retry_at = now + pause(self.failures, jitter);
                self.failures = self.failures.saturating_add(1);
                Next::RetryAt(self.retry_at)
            }
        }
    }

    /// Makes the next attempt due at once, and later ones as soon as after the first failure. Call
    /// this when the author requests it, or when the network is back.
    pub const fn retry_now(&mut self) {
        self.is_refused = false;
        self.failures = 0;
        self.retry_at = 0;
    }

    /// Returns whether an attempt has no response: the request may be carried out or not.
    pub const fn is_in_doubt(&self) -> bool {
        self.unanswered > 0
    }

    /// Returns whether the server refused the request.
    pub const fn is_refused(&self) -> bool {
        self.is_refused
    }

    const fn record_response(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.failures = 0;
    }
}

/// What an outbox has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Send the request at this position.
    Now(usize),
    /// Wait until this time, in milliseconds.
    At(u64),
    /// Wait for a new request, or for the author: no request waits for an attempt.
    Nothing,
}

/// Returns what an outbox has to do next. `requests` are the live blog and the submission of each
/// request, in the order in which the author made them.
///
/// Requests to one live blog are sent in that order: one that waits for its next attempt delays
/// those behind it. One that the server refused does not, nor do those of another live blog.
pub fn next_due<'a>(
    requests: impl IntoIterator<Item = (&'a str, &'a Submission)>,
    now: u64,
) -> Due {
    let mut waiting = Vec::new();
    let mut soonest: Option<u64> = None;
    for (at, (entry, submission)) in requests.into_iter().enumerate() {
        if submission.is_refused || waiting.contains(&entry) {
            continue;
        }
        if submission.retry_at <= now {
            return Due::Now(at);
        }
        waiting.push(entry);
        soonest = Some(soonest.map_or(submission.retry_at, |it| it.min(submission.retry_at)));
    }
    soonest.map_or(Due::Nothing, Due::At)
}

/// Returns the pause after `failures` failures, in milliseconds. It is at least half of the
/// maximum, so that clients don't all retry at once when a server comes back.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most half a minute, times a number below one"
)]
fn pause(failures: u32, jitter: f64) -> u64 {
    let half = LONGEST_PAUSE_MS.min(FIRST_PAUSE_MS << failures.min(5)) / 2;
    half + (half as f64 * jitter.clamp(0.0, 1.0)) as u64
}

#[cfg(test)]
mod tests;
