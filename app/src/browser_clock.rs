//! The reader's clocks.

use js_sys::Date;
use leptos::prelude::window;

/// The time by the browser's clock, in milliseconds since 1970.
pub fn now() -> u64 {
    whole(Date::now())
}

/// How long the page is there, in milliseconds: unlike the clock on the wall, it never goes back.
pub fn elapsed() -> u64 {
    let since_start = window().performance().map(|performance| performance.now());
    since_start.map_or_else(now, whole)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a browser's times are positive and far below 2^53"
)]
const fn whole(milliseconds: f64) -> u64 {
    milliseconds as u64
}
