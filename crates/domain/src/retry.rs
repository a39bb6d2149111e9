//! How a post is sent until it is published once: what the result of an attempt means, when the
//! operation id is kept, and when the next attempt is due.

use serde::{Deserialize, Serialize};

/// How long one attempt may take, in milliseconds. The server answers within seconds or not at all:
/// it waits five for a turn to render the text, and two until the page shows it.
pub const ATTEMPT_DEADLINE_MS: u32 = 15_000;

/// The longest pause before the first retry, in milliseconds; it doubles with each failure. A server
/// that restarts is back within a second or two.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest pause before any retry, in milliseconds: an author who waits sees that it goes on.
const LONGEST_PAUSE_MS: u64 = 30_000;
/// How often a post is sent again before the author is asked: for one to three minutes. Later the
/// text may no longer be what the author wants to say.
const AUTOMATIC_RETRIES: u32 = 6;

/// What an attempt to post came to.
///
/// Only what is decoded from one of our own responses is an answer. All else is [`NoAnswer`]:
/// a time-out, a failed connection, a body that is cut off, and a body that isn't ours, whatever its
/// status (the HTML page of a proxy's 502, or of a captive portal's 200).
///
/// [`NoAnswer`]: AttemptResult::NoAnswer
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The server says that it is published.
    Published,
    /// The server says that it doesn't take this text from this author.
    Refused,
    /// The server says that nobody is logged in.
    Unauthenticated,
    /// The server says that it can't at the moment, or doesn't know whether it did.
    Unavailable,
    /// No answer of ours came: the post may be published or not.
    NoAnswer,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is published: clear the form.
    Published,
    /// The author must change something: show the server's sentence.
    Refused,
    /// The author must log in, and then send it again.
    LogIn,
    /// Send it again at this time, in the milliseconds of the clock that was passed in. Tell the
    /// author that the text is kept, and that sending it again publishes it once.
    RetryAt(u64),
    /// It was sent often enough without the author: tell them the same, and let them send it again.
    AskAuthor,
}

/// An attempt to be made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The operation id to send it under.
    pub op_id: String,
    /// How long ago it was sent first, in milliseconds.
    pub waited_ms: u64,
}

/// One text on its way to the server. Store it beside the text before each attempt, so that a page
/// that is reloaded goes on under the same operation id.
///
/// Pure: the time in milliseconds, and what is left to chance, are passed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The operation id it was last sent under.
    #[serde(default)]
    sent_as: Option<String>,
    /// When it was first sent under that id, in milliseconds of the author's clock.
    #[serde(default)]
    sent_at: Option<u64>,
    /// How many attempts under that id have no answer. What was stored without it may have one.
    #[serde(default = "one")]
    unanswered: u32,
    /// How many attempts in a row came to nothing that the author can change.
    #[serde(skip)]
    failures: u32,
}

const fn one() -> u32 {
    1
}

impl Submission {
    /// Begins an attempt at `now`. `new_op_id` names the submission if it has no operation id yet.
    pub fn start(&mut self, new_op_id: impl FnOnce() -> String, now: u64) -> Attempt {
        if self.sent_as.is_none() {
            self.forget();
        }
        let op_id = self.sent_as.get_or_insert_with(new_op_id).clone();
        self.unanswered = self.unanswered.saturating_add(1);
        let sent_at = *self.sent_at.get_or_insert(now);
        Attempt {
            op_id,
            waited_ms: now.saturating_sub(sent_at),
        }
    }

    /// Ends the attempt that was begun last with its `result`, at `now`; `jitter` in `[0, 1)` spreads
    /// the retries of many authors.
    ///
    /// The operation id is forgotten once the post is published, and once it is refused and no other
    /// attempt under it may still be published. In all other cases it is kept.
    pub fn finish(&mut self, result: AttemptResult, now: u64, jitter: f64) -> Next {
        match result {
            AttemptResult::Published => {
                *self = Self::default();
                Next::Published
            }
            AttemptResult::Refused => {
                self.answered();
                if !self.is_in_doubt() {
                    self.forget();
                }
                Next::Refused
            }
            AttemptResult::Unauthenticated => {
                self.answered();
                Next::LogIn
            }
            AttemptResult::Unavailable | AttemptResult::NoAnswer => {
                if self.failures >= AUTOMATIC_RETRIES {
                    self.failures = 0;
                    return Next::AskAuthor;
                }
                let pause = pause(self.failures, jitter);
                self.failures += 1;
                Next::RetryAt(now + pause)
            }
        }
    }

    /// Notes that the text was changed: another text is another post, under another operation id.
    /// Returns whether the text before may be published all the same.
    pub fn edit(&mut self) -> bool {
        let in_doubt = self.is_in_doubt();
        self.forget();
        in_doubt
    }

    /// Whether an attempt has no answer: the text may be published or not.
    pub const fn is_in_doubt(&self) -> bool {
        self.sent_as.is_some() && self.unanswered > 0
    }

    const fn answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.failures = 0;
    }

    fn forget(&mut self) {
        *self = Self {
            sent_as: None,
            sent_at: None,
            unanswered: 0,
            failures: 0,
        };
    }
}

/// How long to wait after so many failures before this one, in milliseconds: at least half of the
/// longest pause, so that a server that comes back isn't asked by all at once.
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
