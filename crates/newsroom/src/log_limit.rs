//! Keeps messages that repeat from flooding the log.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often a message is logged at most.
const INTERVAL: Duration = Duration::from_mins(1);
/// How many messages are told apart; beyond that the one that was logged first is forgotten.
const MAX_KEYS: usize = 64;

/// Messages that are told apart by `K`, each of which is logged at most once a minute.
#[derive(Debug)]
pub struct LogLimit<K>(Mutex<Vec<(K, Instant)>>);

impl<K: PartialEq> LogLimit<K> {
    /// No message was logged yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Whether to log the message `key` now.
    pub fn allows(&self, key: K) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|(_, at)| at.elapsed() < INTERVAL);
        if logged.iter().any(|(known, _)| *known == key) {
            return false;
        }
        if logged.len() == MAX_KEYS {
            logged.remove(0);
        }
        logged.push((key, Instant::now()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_logged_once_a_minute_and_memory_is_bounded() {
        let limit = LogLimit::new();
        assert!(limit.allows(1) && !limit.allows(1) && limit.allows(2));
        for key in 0..1_000 {
            limit.allows(key);
        }
        assert_eq!(limit.0.lock().unwrap().len(), MAX_KEYS);
    }
}
