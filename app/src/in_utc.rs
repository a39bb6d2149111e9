//! Times of pages that belong to no live blog.

use domain::{Timestamp, ZoneName};
use newsroom::zone::LocalTime;

/// Returns a moment with its date, in UTC: the server does not know the zone of the person, and the
/// pages work without JavaScript.
pub fn in_utc(moment: Timestamp) -> String {
    LocalTime::new(moment, &ZoneName::new_unchecked("UTC")).full()
}
