//! Limits log messages that clients can cause to one a minute, with a count of the events.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The shortest time between two messages of one kind: clients can't fill the disk, and the log
/// still shows that the events continue.
const INTERVAL: Duration = Duration::from_mins(1);

/// The limit of one kind of log message.
#[derive(Debug, Default)]
pub struct LogLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    written_at: Option<Instant>,
    unwritten: u64,
}

impl LogLimit {
    /// Counts an event. If a message is due, calls `write` with the number of events since the last
    /// message, including this one. Events after the last message of a series are not reported.
    pub fn log(&self, write: impl FnOnce(u64)) {
        // `write` is called without the lock, so that a blocked log blocks only one task.
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
    fn message_is_due_once_a_minute_and_counts_the_events_in_between() {
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
