//! The front page: a summary of each entry. An entry keeps its DOM node for as long as it is shown.

use domain::{Change, EntryChange, PageScope, Rev};
use web_sys::Element;

use super::target::Target;
use crate::{
    front::section::section_id,
    live::{
        card,
        client::Freshness,
        dom::{by_id, number},
        morph::{morph, morph_children},
        page::Page,
        placement::move_before,
        times,
    },
};

/// The id of the list.
pub const LIST: &str = "live-entries";

/// The front page.
pub struct FrontTarget;

impl Target for FrontTarget {
    fn scope(&self) -> PageScope {
        PageScope::Summary
    }

    fn show(&self, page: &Page, _changes: Vec<Change>, entries: &[EntryChange]) -> Freshness {
        for entry in entries {
            show_entry_summary(entry, page.list.shows_own_zone());
        }
        Freshness::Unchanged
    }

    fn show_page(&self, page: &Page, fresh: &Element, _merge: Option<Rev>) {
        times::show(fresh, page.list.shows_own_zone());
        morph_children(page.list.element(), fresh);
    }
}

/// Shows an entry's current summary in the list of its state, sorted by start, latest first. With
/// `own`, times are in the reader's own zone.
fn show_entry_summary(change: &EntryChange, own: bool) {
    let section = by_id(&section_id(change.state));
    let (Some(section), Some(summary)) = (section, card::parse(&change.summary_html)) else {
        return;
    };
    times::show(&summary, own);
    let node = match by_id(&summary.id()) {
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
    // The list continues on another page, which has this entry.
    if before.is_none()
        && node.parent_element().is_none()
        && section.has_attribute("data-continues")
    {
        return;
    }
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

#[cfg(test)]
mod tests;
