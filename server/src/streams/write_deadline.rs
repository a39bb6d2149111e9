//! How long a client may take to read what was written to it.

use std::time::Duration;

use tokio::time::Instant;

/// How long what was sent may wait for a client that reads nothing: two heartbeats. A client that
/// reads nothing for so long isn't there, or will find all of it in the database when it is back.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How fast a client has to read at least what it is behind by, in bytes a second: a tenth of what the
/// slowest mobile networks carry. One that reads slower keeps what it is sent in memory for longer than
/// it is worth.
const SLOWEST: u64 = 2 * 1024;

/// When a client that is behind has to have read everything: [`PATIENCE`] after its socket was full for
/// the first time, and a second later for each [`SLOWEST`] bytes that it has taken since.
#[derive(Debug, Default)]
pub struct WriteDeadline {
    blocked_at: Option<Instant>,
    taken: u64,
}

impl WriteDeadline {
    /// Notes at `now` that the socket takes nothing. Returns when it is too late.
    pub fn blocked(&mut self, now: Instant) -> Instant {
        let blocked_at = *self.blocked_at.get_or_insert(now);
        blocked_at + PATIENCE + Duration::from_secs(self.taken / SLOWEST)
    }

    /// Notes that the socket has taken so many bytes.
    pub fn taken(&mut self, bytes: usize) {
        if self.blocked_at.is_some() {
            self.taken = self.taken.saturating_add(bytes as u64);
        }
    }

    /// Notes that there is nothing left to be written.
    pub fn done(&mut self) {
        *self = Self::default();
    }

    /// Returns whether something is left to be written.
    pub const fn is_blocked(&self) -> bool {
        self.blocked_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn client_that_reads_nothing_has_thirty_seconds() {
        let start = Instant::now();
        let mut deadline = WriteDeadline::default();
        // What a client took before it was behind is no credit.
        deadline.taken(1_000_000);
        assert!(!deadline.is_blocked());
        for later in [0, 1, 29, 300] {
            let at = start + later * SECOND;
            assert_eq!(deadline.blocked(at), start + PATIENCE);
        }
        deadline.done();
        assert!(!deadline.is_blocked());
        let later = start + 300 * SECOND;
        assert_eq!(deadline.blocked(later), later + PATIENCE);
    }

    #[test]
    fn client_that_reads_a_byte_now_and_then_has_no_longer() {
        let start = Instant::now();
        let mut deadline = WriteDeadline::default();
        deadline.blocked(start);
        for second in 1..40 {
            deadline.taken(1);
            assert_eq!(deadline.blocked(start + second * SECOND), start + PATIENCE);
        }
        // One that reads as fast as it has to is never late.
        for second in 40..400 {
            let now = start + second * SECOND;
            deadline.taken(2 * 1024);
            assert!(deadline.blocked(now) >= start + PATIENCE + (second - 40) * SECOND);
        }
    }
}
