//! Counts: numbers that change often and are no revisions, such as likes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Epoch, Rev, UpdateId};

/// The counts of a feed that changed after `from`, up to `to`, which are positions of the counter
/// of likes. Each count replaces the one before it. A client at a position before `from` has missed
/// some, and requests all of them.
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
}
