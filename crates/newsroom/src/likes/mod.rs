//! Likes of updates. They are no revisions: a like changes no page and no cursor.
//!
//! - `liking`: who likes what.
//! - `counting`: the number of likes of each update of a feed; `counts_cache` keeps them.
//! - `queue`: applies many likes in one transaction; `target`: which updates can be liked.

mod counting;
pub(crate) mod counts_cache;
mod liking;
pub(crate) mod queue;
mod target;

pub use {counts_cache::MAX_COUNTS_AGE, liking::Liked};
