//! The one place that asks what time it is.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::Timestamp;

/// Tells the time: the machine's, or in a test what the test set.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(|| {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            let now = jiff::Timestamp::now();
            Timestamp(now.as_microsecond())
        }))
    }

    /// A clock that stands still at `start` until its [`Hand`] is moved.
    pub fn manual(start: Timestamp) -> (Self, Hand) {
        let hand = Hand(Arc::new(AtomicI64::new(start.0)));
        let read = hand.clone();
        let clock = Self(Arc::new(move || Timestamp(read.0.load(Ordering::Relaxed))));
        (clock, hand)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().0)
    }
}

/// What moves a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    /// Moves the clock on.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::Relaxed);
    }
}
