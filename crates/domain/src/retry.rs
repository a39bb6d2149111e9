//! Decides how a post is resent until it is published exactly once: the meaning of each result, how
//! long the operation id is kept, and when the next attempt is due.

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
/// The number of automatic retries, which take half a minute to three minutes. After that the
/// author decides: the text may be out of date.
const AUTOMATIC_RETRIES: u32 = 6;

/// The result of an attempt to post.
///
/// Only a decoded response of our own server counts as a response. Everything else is
/// [`NoResponse`]: a timeout, a failed connection, a truncated body, and a foreign body of any
/// status (the HTML page of a proxy's 502, or of a captive portal's 200).
///
/// [`NoResponse`]: AttemptResult::NoResponse
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The server published the post.
    Published,
    /// The server rejected the text or the author.
    Refused,
    /// The server responded that the session has ended.
    Unauthenticated,
    /// The server responded that it can't post now, or that it doesn't know whether it did.
    Unavailable,
    /// The server did not respond: the post may be published or not.
    NoResponse,
}

/// What the page has to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Clear the form: the post is published.
    Published,
    /// Show the server's error message: the author must change something.
    Refused,
    /// Let the author log in, and then send the post again.
    LogIn,
    /// Send the post again at this time, in milliseconds on the caller's clock. Show the author
    /// that the text is kept, and that sending it again publishes it only once.
    RetryAt(u64),
    /// Show the same, and wait until the author sends the post again.
    WaitForAuthor,
}

/// An attempt to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The operation id to send.
    pub op_id: String,
    /// The time since the first attempt, in milliseconds.
    pub waited_ms: u64,
}

/// The submission of one text. Store it with the text before each attempt, so that a reloaded page
/// continues with the same operation id.
///
/// Does no I/O: callers pass the time in milliseconds, and random numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The operation id of the last attempt.
    #[serde(default)]
    sent_as: Option<String>,
    /// The time of the first attempt with this id, in milliseconds on the author's clock.
    #[serde(default)]
    sent_at: Option<u64>,
    /// The number of attempts with this id that have no response. Defaults to one for submissions
    /// stored by a version without this field: they may have been published.
    #[serde(default = "one")]
    unanswered: u32,
    /// The number of attempts in a row that failed for reasons the author can't change.
    #[serde(skip)]
    failures: u32,
}

const fn one() -> u32 {
    1
}

impl Submission {
    /// Begins an attempt at `now`. Calls `new_op_id` if the submission has no operation id yet.
    pub fn start(&mut self, new_op_id: impl FnOnce() -> String, now: u64) -> Attempt {
        if self.sent_as.is_none() {
            self.reset();
        }
        let op_id = self.sent_as.get_or_insert_with(new_op_id).clone();
        self.unanswered = self.unanswered.saturating_add(1);
        let sent_at = *self.sent_at.get_or_insert(now);
        Attempt {
            op_id,
            waited_ms: now.saturating_sub(sent_at),
        }
    }

    /// Ends the latest attempt with `result`, at `now`. `jitter` in `[0, 1)` spreads the retries of
    /// many authors.
    ///
    /// The operation id is dropped once the post is published, and once it is rejected while no
    /// other attempt with the same id may still be published. Otherwise it is kept.
    pub fn finish(&mut self, result: AttemptResult, now: u64, jitter: f64) -> Next {
        match result {
            AttemptResult::Published => {
                *self = Self::default();
                Next::Published
            }
            AttemptResult::Refused => {
                self.record_response();
                if !self.is_in_doubt() {
                    self.reset();
                }
                Next::Refused
            }
            AttemptResult::Unauthenticated => {
                self.record_response();
                Next::LogIn
            }
            AttemptResult::Unavailable | AttemptResult::NoResponse => {
                if self.failures >= AUTOMATIC_RETRIES {
                    self.failures = 0;
                    return Next::WaitForAuthor;
                }
                let pause = pause(self.failures, jitter);
                self.failures += 1;
                Next::RetryAt(now + pause)
            }
        }
    }

    /// Records that the text was changed. A different text is a different post and gets its own
    /// operation id. Returns whether the previous text may have been published.
    pub fn edit(&mut self) -> bool {
        let in_doubt = self.is_in_doubt();
        self.reset();
        in_doubt
    }

    /// Returns whether an attempt has no response: the text may be published or not.
    pub const fn is_in_doubt(&self) -> bool {
        self.sent_as.is_some() && self.unanswered > 0
    }

    const fn record_response(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.failures = 0;
    }

    fn reset(&mut self) {
        *self = Self {
            sent_as: None,
            sent_at: None,
            unanswered: 0,
            failures: 0,
        };
    }
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
