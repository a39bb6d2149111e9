//! Counts: numbers that change often and are no revisions: likes and readers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Epoch, Rev, UpdateId};

/// The counts of a feed that changed after `from`, up to `to`, which are positions of a counter of
/// their own. Each count replaces the one before it. A client at a position before `from` has
/// missed some, and requests all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The epoch of the positions.
    pub epoch: Epoch,
    /// The position that a client must have reached, at least; 0 if all counts follow.
    pub from: Rev,
    /// The position that a client has reached afterwards.
    pub to: Rev,
    /// The number of likes of each update. If `from` is 0, an update that is missing has none.
    pub likes: BTreeMap<UpdateId, i64>,
    /// The number of readers, as [`shown_readers`] rounds it. If `from` is 0 and it is missing,
    /// there are none, or they are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<i64>,
}

/// From this number on, the number of readers is shown as it is.
const EXACT_FROM: i64 = 100;

/// Returns the number of readers that pages show for `readers` open streams: below a hundred, that
/// of whole tens.
#[must_use]
pub const fn shown_readers(readers: i64) -> i64 {
    if readers < EXACT_FROM {
        readers - readers % 10
    } else {
        readers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_below_a_hundred_are_rounded() {
        let shown = [0, 9, 10, 57, 99, 100, 213].map(shown_readers);
        assert_eq!(shown, [0, 0, 10, 50, 90, 100, 213]);
    }
}
