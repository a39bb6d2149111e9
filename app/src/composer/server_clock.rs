//! The server's time, as far as the page knows it.

use std::cell::Cell;

use domain::{Fetched, Head};
use js_sys::Date;
use leptos::prelude::window;

use crate::live::fetch::{get, value};

/// How far the browser's two clocks may differ, in milliseconds. If they differ by more, the
/// machine slept, or somebody set its clock.
const MAX_DIFFERENCE_MS: f64 = 5_000.0;

/// The server's time, counted on from its last response by a monotonic clock.
///
/// The browser's wall clock may be wrong by hours, and is not used as the time. It only shows
/// whether the monotonic clock missed some.
#[derive(Debug, Default)]
pub struct ServerClock {
    /// In microseconds.
    last: Cell<Option<(i64, Reading)>>,
}

/// The browser's clocks, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Reading {
    monotonic: f64,
    wall: f64,
}

impl ServerClock {
    /// Requests the server's time, which the head of each public feed has. The clock counts from
    /// the request, so it is ahead by the time that the request took, and an update that is placed
    /// by it follows those that the server has confirmed.
    pub async fn update(&self, entry: &str) {
        let Some(clock) = window().performance() else {
            return;
        };
        let at = Reading {
            monotonic: clock.now(),
            wall: Date::now(),
        };
        let response = get(&["/feed/", entry, "/head"].concat()).await;
        if let Fetched::Received(Head { now, .. }) = value(response) {
            self.last.set(Some((now.0, at)));
        }
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
