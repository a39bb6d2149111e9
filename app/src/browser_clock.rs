//! The reader's clock.

use js_sys::Date;

/// The time by the browser's clock, in milliseconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a browser's clock is a whole number of milliseconds since 1970"
)]
pub fn now() -> u64 {
    Date::now() as u64
}
