//! When sessions and tokens were last seen.
//!
//! Authenticating a request only reads. What it learns is noted here, and the newsroom's maintenance task stores it:
//! at most one write an hour for each session and token, and no request waits for it.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, PoisonError},
};

use domain::{SessionId, Timestamp, TokenId};

use crate::{Result, storage::Store};

/// How exactly it is known when a session or token was last seen, in microseconds: to the hour. That is enough to
/// recognise a session in a list and to end idle ones.
const PRECISION: i64 = 60 * 60 * 1_000_000;
/// How many sessions, and how many tokens, are noted between two writes. One that is not noted is at its next request.
const MAX_NOTED: usize = 10_000;

/// What was seen and is not stored yet.
#[derive(Debug, Default)]
pub struct LastSeen {
    sessions: Mutex<HashMap<SessionId, Timestamp>>,
    tokens: Mutex<HashMap<TokenId, Timestamp>>,
}

impl LastSeen {
    /// Notes that a session was seen `now`, if the stored time is older than an hour.
    pub fn note_session(&self, id: SessionId, stored: Timestamp, now: Timestamp) {
        note(&self.sessions, id, Some(stored), now);
    }

    /// Notes that a token was used `now`, if the stored time is older than an hour.
    pub fn note_token(&self, id: TokenId, stored: Option<Timestamp>, now: Timestamp) {
        note(&self.tokens, id, stored, now);
    }

    /// Stores what was noted. What fails is lost, and noted again at the next request.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn store(&self, store: &Store) -> Result<()> {
        for (id, at) in take(&self.sessions) {
            store.set_session_seen(id, at).await?;
        }
        for (id, at) in take(&self.tokens) {
            store.set_token_used(id, at).await?;
        }
        Ok(())
    }
}

fn note<K: Eq + Hash>(
    noted: &Mutex<HashMap<K, Timestamp>>,
    id: K,
    stored: Option<Timestamp>,
    now: Timestamp,
) {
    if stored.is_some_and(|stored| now.0 - stored.0 < PRECISION) {
        return;
    }
    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    if noted.len() < MAX_NOTED || noted.contains_key(&id) {
        noted.insert(id, now);
    }
}

fn take<K>(noted: &Mutex<HashMap<K, Timestamp>>) -> HashMap<K, Timestamp> {
    mem::take(&mut *noted.lock().unwrap_or_else(PoisonError::into_inner))
}
