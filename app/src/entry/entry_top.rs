//! What a page shows of the entry itself, above the list.

use domain::{EntryChange, Language};
use leptos::prelude::document;
use web_sys::Element;

use super::{card_node, morph::morph_children, page_title, state_word, times};

/// Since when the entry is live.
const SINCE: &str = "entry-since";
/// The pinned update, and the key moments.
const HIGHLIGHTS: &str = "entry-highlights";

/// Shows what an entry is now; with `own`, times in the reader's own zone. What it was already is left
/// alone.
pub fn show_entry(entry: &EntryChange, own: bool) {
    document().set_title(&page_title(&entry.title));
    set_language(&entry.language);
    say("entry-title", &entry.title);
    say("entry-summary", &entry.summary);
    fill(SINCE, &entry.since_html, own);
    if let Some(badge) = say("entry-state", state_word(entry.state)) {
        // A plain name is always taken.
        let _ = badge.set_attribute("data-state", entry.state.as_str());
    }
    fill(HIGHLIGHTS, &entry.highlights, own);
}

/// Shows the times above the list in the reader's own zone, or in the entry's.
pub fn show_times(own: bool) {
    for id in [SINCE, HIGHLIGHTS] {
        if let Some(element) = find(id) {
            times::show(&element, own);
        }
    }
}

/// The document has the language of its entry, and its main part that language's direction.
fn set_language(language: &Language) {
    if let (Some(root), Some(main)) = (document().document_element(), find("main")) {
        // Plain names are always taken.
        let _ = root.set_attribute("lang", language.as_str());
        let _ = main.set_attribute("dir", language.direction());
    }
}

fn find(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Makes what is inside an element what `html` is; what is the same is left alone.
fn fill(id: &str, html: &str, own: bool) {
    if let Some(element) = find(id)
        && let Some(fresh) = card_node::parse(&["<div>", html, "</div>"].concat())
    {
        // Before they are compared: a time that says so already is left alone.
        times::show(&fresh, own);
        morph_children(&element, &fresh);
    }
}

fn say(id: &str, text: &str) -> Option<Element> {
    let element = find(id)?;
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
    Some(element)
}
