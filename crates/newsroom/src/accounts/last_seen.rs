//! Records when sessions and tokens were last used.
//!
//! Authentication only reads the database. The times are collected here, and the maintenance task
//! stores them: at most one write an hour for each session and token, and no request waits for it.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, PoisonError},
};

use domain::{SessionId, Timestamp, TokenId};

use crate::{Result, storage::Store};

/// The precision of the stored times, in microseconds: one hour. This is enough to recognize a
/// session in a list, and to end idle ones.
const PRECISION: i64 = 60 * 60 * 1_000_000;
/// The maximum number of sessions, and of tokens, collected between two writes. Others are recorded
/// at a later request.
const MAX_PENDING: usize = 10_000;

/// The times that are not stored yet.
#[derive(Debug, Default)]
pub struct LastSeen {
    sessions: Mutex<HashMap<SessionId, Timestamp>>,
    tokens: Mutex<HashMap<TokenId, Timestamp>>,
}

impl LastSeen {
    /// Records that a session was used at `now`, if the stored time is older than an hour.
    pub fn record_session(&self, id: SessionId, stored: Timestamp, now: Timestamp) {
        record(&self.sessions, id, Some(stored), now);
    }

    /// Records that a token was used at `now`, if the stored time is older than an hour.
    pub fn record_token(&self, id: TokenId, stored: Option<Timestamp>, now: Timestamp) {
        record(&self.tokens, id, stored, now);
    }

    /// Stores the collected times. Times that can't be stored are lost, and recorded again at the
    /// next request.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
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

fn record<K: Eq + Hash>(
    pending: &Mutex<HashMap<K, Timestamp>>,
    id: K,
    stored: Option<Timestamp>,
    now: Timestamp,
) {
    if stored.is_some_and(|stored| now.0 - stored.0 < PRECISION) {
        return;
    }
    let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
    if pending.len() < MAX_PENDING || pending.contains_key(&id) {
        pending.insert(id, now);
    }
}

fn take<K>(pending: &Mutex<HashMap<K, Timestamp>>) -> HashMap<K, Timestamp> {
    mem::take(&mut *pending.lock().unwrap_or_else(PoisonError::into_inner))
}
