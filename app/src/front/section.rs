//! The sections of the front page, one for each state.

use domain::EntryState;

/// Returns the id of the list of the entries in `state`.
pub fn section_id(state: EntryState) -> String {
    ["entries-", state.as_str()].concat()
}
