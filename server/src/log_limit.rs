//! Log messages that a peer can cause: written at most once a minute, with a count of the rest.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long one kind of message keeps the next one of its kind out of the log: nobody can fill a
/// disk with it, and whoever reads the log still sees that it goes on.
const INTERVAL: Duration = Duration::from_mins(1);

/// One kind of message that is written at most once a minute.
#[derive(Debug, Default)]
pub struct LogLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    written_at: Option<Instant>,
    unwritten: u64,
}

impl LogLimit {
    /// Counts an event, and calls `write` if a message is due: with the number of events since the
    /// last message, this one included. Events after the last message of a series are never
    /// written.
    pub fn log(&self, write: impl FnOnce(u64)) {
        // Not while the lock is held: a log that blocks must block one task alone.
        let due = self.state().count(Instant::now());
        if let Some(events) = due {
            write(events);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an event at `now`. Returns the number of events to report, if a message is due.
    fn count(&mut self, now: Instant) -> Option<u64> {
        self.unwritten += 1;
        let is_due = self
            .written_at
            .is_none_or(|written| now.duration_since(written) >= INTERVAL);
        if !is_due {
            return None;
        }
        self.written_at = Some(now);
        Some(std::mem::take(&mut self.unwritten))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_due_once_a_minute_and_counts_those_in_between() {
        let mut state = State::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(state.count(at(0)), Some(1));
        assert_eq!(state.count(at(0)), None);
        assert_eq!(state.count(at(59)), None);
        assert_eq!(state.count(at(60)), Some(3));
        assert_eq!(state.count(at(119)), None);
        assert_eq!(state.count(at(500)), Some(2));
    }
}
