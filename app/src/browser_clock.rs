//! The browser's clocks.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::window;

/// Returns the time by the browser's clock, in milliseconds since 1970.
pub fn now() -> u64 {
    to_integer(Date::now())
}

/// A monotonic clock. It never goes back, as the wall clock may, and it counts the time during
/// which the machine slept, as `performance.now()` does not in every browser.
#[derive(Default)]
pub struct Stopwatch {
    /// The last readings of the wall clock and of `performance.now()`.
    last: Cell<Option<(f64, f64)>>,
    elapsed: Cell<f64>,
}

impl Stopwatch {
    /// Returns the milliseconds since the first call.
    pub fn elapsed(&self) -> u64 {
        let wall = Date::now();
        let own = window().performance().map_or(wall, |clock| clock.now());
        let (last_wall, last_own) = self.last.replace(Some((wall, own))).unwrap_or((wall, own));
        // If one clock missed some time, the other counted it.
        let passed = (wall - last_wall).max(own - last_own).max(0.0);
        self.elapsed.set(self.elapsed.get() + passed);
        to_integer(self.elapsed.get())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a browser's times are positive and far below 2^53"
)]
const fn to_integer(milliseconds: f64) -> u64 {
    milliseconds as u64
}
