//! The part of an entry's page above the list, in the browser: title, state, summary, highlights.

use domain::{EntryChange, Language};
use leptos::prelude::document;
use web_sys::Element;

use super::{card_node, morph::morph_children, page_title, state_label, times};

/// The id of the times since when, or during which, the entry was live.
const SINCE: &str = "entry-since";
/// The id of the pinned update and the key moments.
const HIGHLIGHTS: &str = "entry-highlights";

/// Shows the entry's current values. With `own`, times are in the reader's own zone. Does not touch
/// elements that show the right value already.
pub fn show_entry(entry: &EntryChange, own: bool) {
    document().set_title(&page_title(&entry.title));
    set_language(&entry.language);
    set_text("entry-title", &entry.title);
    set_text("entry-summary", &entry.summary);
    set_html(SINCE, &entry.since_html, own);
    if let Some(badge) = set_text("entry-state", state_label(entry.state)) {
        // Can't fail: the attribute's name is valid.
        let _ = badge.set_attribute("data-state", entry.state.as_str());
    }
    set_html(HIGHLIGHTS, &entry.highlights, own);
}

/// Shows the times above the list in the reader's own zone, or in the entry's.
pub fn show_times(own: bool) {
    for id in [SINCE, HIGHLIGHTS] {
        if let Some(element) = find(id) {
            times::show(&element, own);
        }
    }
}

/// Sets the document's language to the entry's, and the direction of its main part.
fn set_language(language: &Language) {
    if let (Some(root), Some(main)) = (document().document_element(), find("main")) {
        // Can't fail: the attributes' names are valid.
        let _ = root.set_attribute("lang", language.as_str());
        let _ = main.set_attribute("dir", language.direction());
    }
}

fn find(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Morphs the content of an element into `html`.
fn set_html(id: &str, html: &str, own: bool) {
    if let Some(element) = find(id)
        && let Some(fresh) = card_node::parse(&["<div>", html, "</div>"].concat())
    {
        // Before the comparison: a time that is right already is not touched.
        times::show(&fresh, own);
        morph_children(&element, &fresh);
    }
}

fn set_text(id: &str, text: &str) -> Option<Element> {
    let element = find(id)?;
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
    Some(element)
}
