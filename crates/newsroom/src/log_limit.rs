//! Limits how often a repeated message is logged.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The minimum interval between two messages with the same key.
const INTERVAL: Duration = Duration::from_mins(1);
/// The maximum number of keys. Beyond it, the oldest key is forgotten.
const MAX_KEYS: usize = 64;

/// A limit of one message a minute for each key of type `K`.
#[derive(Debug)]
pub struct LogLimit<K>(Mutex<Vec<(K, Instant)>>);

impl<K: PartialEq> LogLimit<K> {
    /// Creates a limit for which nothing was logged yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Returns whether to log a message with `key` now.
    pub fn allows(&self, key: K) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|(_, at)| at.elapsed() < INTERVAL);
        if logged.iter().any(|(other, _)| *other == key) {
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
