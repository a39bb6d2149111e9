//! The reader's clocks.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::window;

/// The time by the browser's clock, in milliseconds since 1970.
pub fn now() -> u64 {
    whole(Date::now())
}

/// Tells how long the page is there. It never goes back, as the clock on the wall may; and it counts the
/// time that the machine slept, as `performance.now()` doesn't everywhere.
#[derive(Default)]
pub struct Stopwatch {
    /// What both clocks said when they were last asked: the wall's, and the page's own.
    last: Cell<Option<(f64, f64)>>,
    elapsed: Cell<f64>,
}

impl Stopwatch {
    /// Milliseconds since this was first asked.
    pub fn elapsed(&self) -> u64 {
        let wall = Date::now();
        let own = window().performance().map_or(wall, |clock| clock.now());
        let (last_wall, last_own) = self.last.replace(Some((wall, own))).unwrap_or((wall, own));
        // What one clock missed the other counted.
        let passed = (wall - last_wall).max(own - last_own).max(0.0);
        self.elapsed.set(self.elapsed.get() + passed);
        whole(self.elapsed.get())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a browser's times are positive and far below 2^53"
)]
const fn whole(milliseconds: f64) -> u64 {
    milliseconds as u64
}
