//! The deadline by which a client must have read what was written to its socket.

use std::time::Duration;

use tokio::time::Instant;

/// How long written bytes may wait for a client that reads nothing: two heartbeats. A client that
/// reads nothing for this long is gone, or will load what it missed when it is back.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How fast a client that is behind must read at least, in bytes per second: a tenth of what the
/// slowest mobile networks carry. A slower client would keep events in memory for too long.
const MIN_RATE: u64 = 2 * 1024;

/// The time by which a client that is behind must have read everything: [`WRITE_TIMEOUT`] after its
/// socket was full for the first time, plus one second for each [`MIN_RATE`] bytes written since.
#[derive(Debug, Default)]
pub struct WriteDeadline {
    blocked_at: Option<Instant>,
    taken: u64,
}

impl WriteDeadline {
    /// Records that the socket is full at `now`. Returns the deadline.
    pub fn blocked(&mut self, now: Instant) -> Instant {
        let blocked_at = *self.blocked_at.get_or_insert(now);
        blocked_at + WRITE_TIMEOUT + Duration::from_secs(self.taken / MIN_RATE)
    }

    /// Records that the socket accepted `bytes` bytes.
    pub fn taken(&mut self, bytes: usize) {
        if self.blocked_at.is_some() {
            self.taken = self.taken.saturating_add(bytes as u64);
        }
    }

    /// Records that nothing is left to write.
    pub fn done(&mut self) {
        *self = Self::default();
    }

    /// Returns whether something is left to write.
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
        // Bytes that the client read before it was behind don't extend the deadline.
        deadline.taken(1_000_000);
        assert!(!deadline.is_blocked());
        for later in [0, 1, 29, 300] {
            let at = start + later * SECOND;
            assert_eq!(deadline.blocked(at), start + WRITE_TIMEOUT);
        }
        deadline.done();
        assert!(!deadline.is_blocked());
        let later = start + 300 * SECOND;
        assert_eq!(deadline.blocked(later), later + WRITE_TIMEOUT);
    }

    #[test]
    fn client_that_reads_slower_than_the_minimum_has_no_more_time() {
        let start = Instant::now();
        let mut deadline = WriteDeadline::default();
        deadline.blocked(start);
        for second in 1..40 {
            deadline.taken(1);
            assert_eq!(
                deadline.blocked(start + second * SECOND),
                start + WRITE_TIMEOUT
            );
        }
        // A client that reads at the minimum rate is never late.
        for second in 40..400 {
            let now = start + second * SECOND;
            deadline.taken(2 * 1024);
            assert!(deadline.blocked(now) >= start + WRITE_TIMEOUT + (second - 40) * SECOND);
        }
    }
}
