//! The lines of the front page, in the page: an entry is one node for as long as it is there.

use domain::{EntryChange, EntryState};
use leptos::prelude::document;
use web_sys::Element;

use crate::entry::{
    card_node::{self, number},
    morph::morph,
    placing::move_before,
    times,
};

/// The list that the entries in `state` stand in.
pub fn section_id(state: EntryState) -> String {
    ["entries-", state.as_str()].concat()
}

/// Shows an entry's line as it is now, where it belongs: among those of its state the latest start is first.
/// With `own`, times are in the reader's own zone.
pub fn show_line(change: &EntryChange, own: bool) {
    let section = document().get_element_by_id(&section_id(change.state));
    let (Some(section), Some(fresh)) = (section, card_node::parse(&change.summary_html)) else {
        return;
    };
    times::show(&fresh, own);
    let node = match document().get_element_by_id(&fresh.id()) {
        Some(node) => {
            morph(&node, &fresh);
            node
        }
        None => fresh,
    };
    let mut before = section.first_element_child();
    while let Some(other) = before
        .as_ref()
        .filter(|other| **other == node || key(other) > key(&node))
    {
        before = other.next_element_sibling();
    }
    let stands = node.parent_element().as_ref() == Some(&section);
    if !stands || node.next_element_sibling() != before {
        move_before(&section, &node, before.as_ref());
    }
}

fn key(line: &Element) -> (i64, i64) {
    (
        number(line, "data-starts-at"),
        number(line, "data-entry-id"),
    )
}
