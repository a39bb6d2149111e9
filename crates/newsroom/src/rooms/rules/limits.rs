//! Limits how many messages a person sends: token buckets for the person and for the address, and
//! slow mode.

use std::collections::HashMap;

use domain::Timestamp;

use super::sender::Sender;
use crate::{
    Error, Result,
    model::{
        limit::{Allowance, MessageLimits},
        room::{PersonId, Room},
    },
    storage::{Revision, Snapshot},
};

const SECOND: i64 = 1_000_000;

/// The tokens that a message takes.
#[derive(Debug, Default)]
pub struct Tokens {
    /// When each bucket is full again.
    full_at: Vec<(String, Timestamp)>,
    /// What is left of each limit.
    pub allowances: Vec<Allowance>,
}

impl Tokens {
    /// Stores that the tokens are taken.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store(&self, revision: &mut Revision) -> Result<()> {
        revision.store_message_limits(&self.full_at).await
    }
}

/// The names of the buckets of a sender.
struct Buckets {
    person: String,
    address: String,
    slow_mode: String,
}

impl Buckets {
    fn of(room: &Room, sender: Sender<'_>) -> Self {
        let person = match sender.person {
            PersonId::Account(account) => format!("account {account}"),
            PersonId::Guest(guest) => format!("guest {}", guest.as_str()),
        };
        Self {
            slow_mode: format!("{} {person}", room.feed()),
            address: format!("address {}", sender.origin.address),
            person,
        }
    }

    async fn load(&self, snapshot: &mut Snapshot) -> Result<HashMap<String, Timestamp>> {
        let names = [&*self.person, &self.address, &self.slow_mode];
        snapshot.message_limits(names).await
    }
}

/// Returns the tokens that a message takes at `now`.
///
/// # Errors
/// Returns [`Error::Limited`] if a bucket is empty, or slow mode requires more time, and an error
/// if the database can't be reached.
pub async fn take_tokens(
    snapshot: &mut Snapshot,
    room: &Room,
    sender: Sender<'_>,
    limits: &MessageLimits,
    now: Timestamp,
) -> Result<Tokens> {
    let slow_mode = i64::from(room.rules.slow_mode.seconds()) * SECOND;
    if slow_mode == 0 && *limits == MessageLimits::default() {
        return Ok(Tokens::default());
    }
    let buckets = Buckets::of(room, sender);
    let stored = buckets.load(snapshot).await?;
    let full_at = |name: &str| stored.get(name).copied().unwrap_or_default();
    let mut tokens = Tokens::default();

    if slow_mode > 0 {
        // At most the current setting, if it was longer before.
        let wait = (full_at(&buckets.slow_mode).0 - now.0).min(slow_mode);
        if wait > 0 {
            return Err(limited(wait, |seconds| {
                format!(
                    "Slow mode: one message every {} in this room. You can send the next one in {seconds}.",
                    spelled(room.rules.slow_mode.seconds().into())
                )
            }));
        }
        let next = now.plus_micros(slow_mode);
        tokens.full_at.push((buckets.slow_mode, next));
    }
    for (limit, label, name) in [
        (limits.person, "person", buckets.person),
        (limits.address, "address", buckets.address),
    ] {
        let Some(limit) = limit else { continue };
        let next = limit.take(full_at(&name), now).map_err(|wait| {
            limited(wait, |seconds| match label {
                "person" => format!(
                    "You are sending messages too fast. Your message was not sent. Send it again in {seconds}."
                ),
                _ => format!(
                    "Too many messages arrive from your network at the moment. Your message was not sent. Send it again in {seconds}."
                ),
            })
        })?;
        tokens.allowances.push(limit.allowance(label, next, now));
        tokens.full_at.push((name, next));
    }
    Ok(tokens)
}

/// Returns what is left of the limits of a sender, for a repeated message, which takes no token.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn allowances(
    snapshot: &mut Snapshot,
    room: &Room,
    sender: Sender<'_>,
    limits: &MessageLimits,
    now: Timestamp,
) -> Result<Vec<Allowance>> {
    if sender.is_staff() || *limits == MessageLimits::default() {
        return Ok(Vec::new());
    }
    let buckets = Buckets::of(room, sender);
    let stored = buckets.load(snapshot).await?;
    let of = |limit: Option<crate::model::limit::Limit>, label, name: &str| {
        let full_at = stored.get(name).copied().unwrap_or_default();
        limit.map(|limit| limit.allowance(label, full_at, now))
    };
    let person = of(limits.person, "person", &buckets.person);
    let address = of(limits.address, "address", &buckets.address);
    Ok([person, address].into_iter().flatten().collect())
}

/// Returns the error for a message that can be sent in `wait` microseconds.
fn limited(wait: i64, sentence: impl Fn(&str) -> String) -> Error {
    let seconds = wait.unsigned_abs().div_ceil(SECOND.unsigned_abs());
    Error::Limited {
        sentence: sentence(&spelled(seconds)),
        seconds: u16::try_from(seconds).unwrap_or(u16::MAX),
    }
}

fn spelled(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
