//! Places of summaries on the front page. Run in a browser.

use domain::EntryState;
use leptos::prelude::document;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::live::targets::test_changes::entry_change;

wasm_bindgen_test_configure!(run_in_browser);

/// Returns the change of the entry `id`, which starts at `id`.
fn change(id: i64, state: EntryState) -> EntryChange {
    EntryChange {
        summary_html: summary(id),
        ..entry_change(id, state)
    }
}

fn summary(id: i64) -> String {
    format!(r#"<li id="entry-{id}" data-entry-id="{id}" data-starts-at="{id}"></li>"#)
}

/// Adds lists of live and ended entries to the page, in place of those of another test. The ended
/// ones are 5 and 3; `attribute` is that of their list.
fn show_lists(attribute: &str) {
    let html = format!(
        r#"<ul id="entries-live"></ul><ul id="entries-ended" {attribute}>{}{}</ul>"#,
        summary(5),
        summary(3)
    );
    let lists = by_id("lists").unwrap_or_else(|| {
        let lists = document().create_element("div").unwrap();
        lists.set_id("lists");
        document().body().unwrap().append_child(&lists).unwrap();
        lists
    });
    lists.set_inner_html(&html);
}

/// Returns the entries in a list.
fn shown(list: &str) -> Vec<i64> {
    let children = by_id(list).unwrap().children();
    let items = (0..children.length()).filter_map(|at| children.item(at));
    items.map(|item| number(&item, "data-entry-id")).collect()
}

#[wasm_bindgen_test]
fn summary_takes_its_place_by_start() {
    show_lists("");
    for id in [4, 6, 1] {
        show_entry_summary(&change(id, EntryState::Ended), false);
    }
    assert_eq!(shown("entries-ended"), [6, 5, 4, 3, 1]);
}

#[wasm_bindgen_test]
fn summary_that_belongs_on_the_next_page_is_not_shown() {
    show_lists("data-continues");
    show_entry_summary(&change(1, EntryState::Ended), false);
    show_entry_summary(&change(4, EntryState::Ended), false);
    assert_eq!(shown("entries-ended"), [5, 4, 3]);

    // An entry that ends while the page is open stays on it.
    show_entry_summary(&change(2, EntryState::Live), false);
    assert_eq!(shown("entries-live"), [2]);
    show_entry_summary(&change(2, EntryState::Ended), false);
    assert!(shown("entries-live").is_empty());
    assert_eq!(shown("entries-ended"), [5, 4, 3, 2]);
}
