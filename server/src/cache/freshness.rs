//! For how long pages are served while the database can't be reached.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How old the hub's state may be before it counts as stale: ten times the interval in which the
/// database is read.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// How long pages are served while the database can't be reached: longer than a restart takes, and
/// too short for a reader to mistake an old page for the news.
const MAX_OUTAGE: Duration = Duration::from_mins(1);

/// Whether the hub's state of the feeds is up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is up to date.
    Current,
    /// Another process may have changed the database. Pages are served, but must not be cached.
    Stale,
    /// It is too old to serve pages.
    Expired,
}

impl Freshness {
    /// Returns the freshness of a state that was read `age` ago.
    pub fn of(age: Duration) -> Self {
        if age <= STALE_AFTER {
            Self::Current
        } else if age <= MAX_OUTAGE {
            Self::Stale
        } else {
            Self::Expired
        }
    }
}

/// The time since which pages can't be rendered; none while they can.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Records that a page could not be rendered. Returns whether a copy may be served instead.
    pub fn allows_copies(&self, now: Instant) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.duration_since(*since.get_or_insert(now)) <= MAX_OUTAGE
    }

    /// Records that a page was rendered.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_served_for_a_minute_after_the_last_page_was_rendered() {
        let (outage, start) = (Outage::default(), Instant::now());
        assert!(outage.allows_copies(start));
        assert!(outage.allows_copies(start + MAX_OUTAGE));
        let later = start + MAX_OUTAGE + Duration::from_millis(1);
        assert!(!outage.allows_copies(later));
        outage.end();
        assert!(outage.allows_copies(later));
    }

    #[test]
    fn cached_pages_are_served_for_a_minute_after_the_database_was_read() {
        for (seconds, expected) in [
            (0, Freshness::Current),
            (10, Freshness::Current),
            (11, Freshness::Stale),
            (60, Freshness::Stale),
            (61, Freshness::Expired),
        ] {
            let freshness = Freshness::of(Duration::from_secs(seconds));
            assert_eq!(freshness, expected, "{seconds}");
        }
    }
}
