//! The clock, the only code that reads the system time.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::Timestamp;

/// A source of the current time: the system's clock, or in tests a manual one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Returns the system's clock.
    pub fn system() -> Self {
        Self(Arc::new(|| {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            let now = jiff::Timestamp::now();
            Timestamp(now.as_microsecond())
        }))
    }

    /// Returns a clock that stays at `start` until it is advanced through the returned
    /// [`ManualClock`].
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let manual = ManualClock(Arc::new(AtomicI64::new(start.0)));
        let read = manual.clone();
        let clock = Self(Arc::new(move || Timestamp(read.0.load(Ordering::Relaxed))));
        (clock, manual)
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().0)
    }
}

/// The handle that advances a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Advances the clock by `micros` microseconds.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}
