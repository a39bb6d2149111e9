//! When people act.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Returns when each of `people` acts, so that they do so `rate` times a second together, and how
/// often in `time`.
pub fn schedule(people: u32, rate: u32, time: Duration) -> (Interval, u128) {
    let pause = Duration::from_secs(1) * people / rate;
    let mut due = interval(pause);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    (due, time.as_millis() / pause.as_millis().max(1))
}
