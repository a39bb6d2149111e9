//! Token buckets, which limit how many messages a person sends.

use domain::Timestamp;

/// The size of a token bucket, and how fast it fills. Each message takes one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The number of tokens in a full bucket.
    pub burst: u32,
    /// How long it takes until a token is added, in microseconds.
    pub interval: i64,
}

/// The limits of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageLimits {
    /// For an account or a reader without an account; `None` for no limit.
    pub person: Option<Limit>,
    /// For an address (IPv6: a /64 network), which many readers may share; `None` for no limit.
    pub address: Option<Limit>,
}

impl MessageLimits {
    /// Returns limits of messages per minute; 0 for none. A person can send a twelfth of them at
    /// once, that of five seconds, and an address a third, since many readers send at once after a
    /// goal.
    pub fn per_minute(person: u32, address: u32) -> Self {
        Self {
            person: Limit::per_minute(person, 12),
            address: Limit::per_minute(address, 3),
        }
    }
}

/// What is left of a limit after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose limit it is: `person` or `address`.
    pub name: &'static str,
    /// The number of tokens in a full bucket.
    pub quota: u32,
    /// The seconds in which an empty bucket fills.
    pub window: u32,
    /// The number of messages that can be sent now.
    pub remaining: u32,
    /// The seconds until the bucket is full.
    pub reset: u32,
}

impl Limit {
    fn per_minute(messages: u32, divisor: u32) -> Option<Self> {
        let interval = 60_000_000_i64.checked_div(messages.into())?.max(1);
        let burst = messages.div_ceil(divisor);
        Some(Self { burst, interval })
    }

    /// Takes a token at `now` from the bucket that is full at `full_at`. Returns when it is full
    /// again.
    ///
    /// # Errors
    /// Returns the microseconds until there is a token. Nothing is taken then.
    pub fn take(self, full_at: Timestamp, now: Timestamp) -> Result<Timestamp, i64> {
        let missing = self.missing(full_at, now) + self.interval;
        match missing - self.capacity() {
            ..=0 => Ok(now.plus_micros(missing)),
            wait => Err(wait),
        }
    }

    /// Returns what is left at `now` of the bucket that is full at `full_at`.
    pub fn allowance(self, name: &'static str, full_at: Timestamp, now: Timestamp) -> Allowance {
        let missing = self.missing(full_at, now);
        let remaining = (self.capacity() - missing) / self.interval;
        Allowance {
            name,
            quota: self.burst,
            window: seconds(self.capacity()),
            remaining: u32::try_from(remaining).unwrap_or(0),
            reset: seconds(missing),
        }
    }

    /// Returns how long an empty bucket takes to fill, in microseconds.
    fn capacity(self) -> i64 {
        self.interval.saturating_mul(self.burst.into())
    }

    /// Returns how long the bucket takes to fill. At most as long as an empty one, whatever is
    /// stored: a clock that was set back must not stop a person for longer.
    fn missing(self, full_at: Timestamp, now: Timestamp) -> i64 {
        full_at.0.saturating_sub(now.0).clamp(0, self.capacity())
    }
}

/// Returns microseconds as seconds, rounded up.
fn seconds(micros: i64) -> u32 {
    u32::try_from(micros.max(0).unsigned_abs().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn default_lets_a_person_send_a_message_a_second() {
        let limits = MessageLimits::per_minute(60, 3_000);
        let person = limits.person.unwrap();
        assert_eq!((person.burst, person.interval), (5, SECOND));
        assert_eq!(limits.address.unwrap().burst, 1_000);
        let mut full_at = Timestamp(0);
        for second in 0..1_000 {
            full_at = person.take(full_at, Timestamp(second * SECOND)).unwrap();
        }
        assert_eq!(MessageLimits::per_minute(0, 0), MessageLimits::default());
    }

    #[test]
    fn burst_is_followed_by_a_refusal_that_names_the_time() {
        let limit = MessageLimits::per_minute(60, 0).person.unwrap();
        let now = Timestamp(77 * SECOND);
        let mut full_at = Timestamp(0);
        for left in (0..5).rev() {
            full_at = limit.take(full_at, now).unwrap();
            let allowance = limit.allowance("person", full_at, now);
            assert_eq!((allowance.quota, allowance.window), (5, 5));
            assert_eq!((allowance.remaining, allowance.reset), (left, 5 - left));
        }
        // A refused message takes nothing.
        for _ in 0..1_000 {
            assert_eq!(limit.take(full_at, now), Err(SECOND));
        }
        let later = now.plus_micros(SECOND);
        assert!(limit.take(full_at, later.plus_micros(-1)).is_err());
        assert!(limit.take(full_at, later).is_ok());
    }

    #[test]
    fn clock_that_was_set_back_stops_nobody_for_long() {
        let limit = MessageLimits::per_minute(60, 0).person.unwrap();
        let wait = limit.take(Timestamp(i64::MAX), Timestamp(0)).unwrap_err();
        assert_eq!(wait, SECOND);
    }

    proptest! {
        /// In any period, a person sends at most a burst and one message for each interval.
        #[test]
        fn no_more_than_the_limit_passes(
            burst in 1_u32..50,
            interval in 1_000_i64..10_000_000,
            pauses in prop::collection::vec(0_i64..3_000_000, 1..300),
        ) {
            let limit = Limit { burst, interval };
            let (mut now, mut full_at) = (Timestamp(1_000), Timestamp(0));
            let start = now;
            let mut passed = 0_i64;
            for pause in pauses {
                now = now.plus_micros(pause);
                let before = limit.allowance("person", full_at, now).remaining;
                match limit.take(full_at, now) {
                    Ok(next) => {
                        passed += 1;
                        prop_assert!(before > 0);
                        prop_assert!(next > full_at && next > now);
                        full_at = next;
                    }
                    Err(wait) => {
                        prop_assert_eq!(before, 0);
                        prop_assert!(wait > 0 && wait <= interval);
                        // The time that is named is sufficient.
                        prop_assert!(limit.take(full_at, now.plus_micros(wait)).is_ok());
                    }
                }
            }
            let elapsed = now.0 - start.0;
            prop_assert!(passed <= i64::from(burst) + elapsed / interval);
        }
    }
}
