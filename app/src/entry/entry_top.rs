//! What a page shows of the entry itself, above the list.

use domain::EntryChange;
use leptos::prelude::document;
use web_sys::Element;

use super::{card_node, page_title, settling::settle_inside, state_word, times};

/// Shows what an entry is now; with `own`, times in the reader's own zone. What it was already is left
/// alone.
pub fn show_entry(entry: &EntryChange, own: bool) {
    document().set_title(&page_title(&entry.title));
    say("entry-title", &entry.title);
    say("entry-summary", &entry.summary);
    say("entry-since", &entry.since);
    if let Some(badge) = say("entry-state", state_word(entry.state)) {
        // A plain name is always taken.
        let _ = badge.set_attribute("data-state", entry.state.as_str());
    }
    if let Some(top) = highlights()
        && let Some(fresh) = card_node::parse(&["<div>", &entry.highlights, "</div>"].concat())
    {
        // Before they are compared: a time that says so already is left alone.
        times::show(&fresh, own);
        settle_inside(&top, &fresh);
    }
}

/// Shows the highlights' times in the reader's own zone, or in the entry's.
pub fn show_times(own: bool) {
    if let Some(top) = highlights() {
        times::show(&top, own);
    }
}

fn highlights() -> Option<Element> {
    document().get_element_by_id("entry-highlights")
}

fn say(id: &str, text: &str) -> Option<Element> {
    let element = document().get_element_by_id(id)?;
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
    Some(element)
}
