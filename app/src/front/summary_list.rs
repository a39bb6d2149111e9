//! The front page's summaries in the browser. An entry keeps its DOM node for as long as it is
//! shown.

use domain::{EntryChange, EntryState};
use leptos::prelude::document;
use web_sys::Element;

use crate::entry::{
    card_node::{self, number},
    morph::morph,
    placement::move_before,
    times,
};

/// Returns the id of the list of the entries in `state`.
pub fn section_id(state: EntryState) -> String {
    ["entries-", state.as_str()].concat()
}

/// Shows an entry's current summary in the list of its state, sorted by start, latest first. With
/// `own`, times are in the reader's own zone.
pub fn show_entry_summary(change: &EntryChange, own: bool) {
    let section = document().get_element_by_id(&section_id(change.state));
    let (Some(section), Some(summary)) = (section, card_node::parse(&change.summary_html)) else {
        return;
    };
    times::show(&summary, own);
    let node = match document().get_element_by_id(&summary.id()) {
        Some(node) => {
            morph(&node, &summary);
            node
        }
        None => summary,
    };
    let mut before = section.first_element_child();
    while let Some(other) = before
        .as_ref()
        .filter(|other| **other == node || key(other) > key(&node))
    {
        before = other.next_element_sibling();
    }
    let is_in_section = node.parent_element().as_ref() == Some(&section);
    if !is_in_section || node.next_element_sibling() != before {
        move_before(&section, &node, before.as_ref());
    }
}

/// Returns the key that summaries are sorted by.
fn key(summary: &Element) -> (i64, i64) {
    (
        number(summary, "data-starts-at"),
        number(summary, "data-entry-id"),
    )
}
