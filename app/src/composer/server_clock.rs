//! The server's time, as far as the page knows it.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::window;

/// How far the browser's two clocks may differ, in milliseconds. If they differ by more, the machine
/// slept, or somebody set its clock.
const MAX_DIFFERENCE_MS: f64 = 5_000.0;

/// The server's time, counted on from its last response by a monotonic clock.
///
/// The browser's wall clock may be wrong by hours, and is not used to tell the time. It only shows
/// whether the monotonic clock missed some.
#[derive(Debug, Default)]
pub struct ServerClock {
    /// In microseconds.
    last: Cell<Option<(i64, RequestedAt)>>,
}

/// The browser's clocks at the time of a request, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct RequestedAt {
    monotonic: f64,
    wall: f64,
}

impl ServerClock {
    /// Begins a request for the server's time.
    pub fn start() -> Option<RequestedAt> {
        Some(RequestedAt {
            monotonic: window().performance()?.now(),
            wall: Date::now(),
        })
    }

    /// Records the server's time in a response. The clock counts from the request, so it is ahead by
    /// the time that the request took, and an update that is placed by it follows those that the
    /// server has confirmed.
    pub fn set(&self, server: i64, at: Option<RequestedAt>) {
        self.last.set(at.map(|at| (server, at)));
    }

    /// Returns the server's time in microseconds, or `None` if it is not known.
    pub fn now(&self) -> Option<i64> {
        let (server, at) = self.last.get()?;
        let passed = window().performance()?.now() - at.monotonic;
        let is_reliable = (Date::now() - at.wall - passed).abs() <= MAX_DIFFERENCE_MS;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the time since a page was loaded is far below 2^63 microseconds"
        )]
        is_reliable.then(|| server + (passed * 1_000.0) as i64)
    }
}
