//! An entry's page: every update, and above the list title, state, summary, article and highlights.

use std::cell::Cell;

use domain::{Change, EntryChange, EntryState, Language, PageScope, Rev};
use leptos::prelude::document;
use web_sys::Element;

use super::target::Target;
use crate::{
    entry::labels::{page_title, state_label},
    live::{
        card,
        client::Freshness,
        dom::{by_id, set},
        morph::{morph, morph_children},
        page::Page,
        times,
    },
};

/// The id of the times since when, or during which, the entry was live.
const SINCE: &str = "entry-since";
/// The id of the article; the element is missing if there is none.
const ARTICLE: &str = "entry-article";
/// The id of the pinned update and the key moments.
const HIGHLIGHTS: &str = "entry-highlights";

/// An entry's page.
pub struct EntryTarget {
    state: Cell<Option<EntryState>>,
}

impl EntryTarget {
    /// Creates the target of the page of an entry in `state`.
    pub const fn new(state: Option<EntryState>) -> Self {
        Self {
            state: Cell::new(state),
        }
    }

    /// Shows the entry's current values. Does not touch elements that show the right value already.
    fn show_entry(&self, page: &Page, entry: &EntryChange) {
        if self.state.replace(Some(entry.state)) != Some(entry.state) {
            set(page.list.element(), "data-state", entry.state.as_str());
            page.bar.announce_state(entry.state);
        }
        let own = page.list.shows_own_zone();
        document().set_title(&page_title(&entry.title));
        set_language(&entry.language);
        set_text("entry-title", &entry.title);
        set_text("entry-summary", &entry.summary);
        set_html(SINCE, &entry.since_html, own);
        if let Some(badge) = set_text("entry-state", state_label(entry.state)) {
            set(&badge, "data-state", entry.state.as_str());
        }
        if let Some(article) = &entry.article {
            show_article(article);
        }
        set_html(HIGHLIGHTS, &entry.highlights, own);
        page.set_zone(&entry.time_zone);
    }
}

impl Target for EntryTarget {
    fn scope(&self) -> PageScope {
        PageScope::Everything
    }

    fn show(&self, page: &Page, changes: Vec<Change>, entries: &[EntryChange]) -> Freshness {
        page.show_updates(&changes);
        for entry in entries {
            self.show_entry(page, entry);
        }
        Freshness::Unchanged
    }

    /// Is never called: an entry's page is not fetched, since the feed carries everything on it.
    fn show_page(&self, _page: &Page, _fresh: &Element, _merge: Option<Rev>) {}

    fn show_times(&self, own: bool) {
        for id in [SINCE, HIGHLIGHTS] {
            if let Some(element) = by_id(id) {
                times::show(&element, own);
            }
        }
    }
}

/// Sets the document's language to the entry's, and the direction of its main part.
fn set_language(language: &Language) {
    if let (Some(root), Some(main)) = (document().document_element(), by_id("main")) {
        set(&root, "lang", language.as_str());
        set(&main, "dir", language.direction());
    }
}

/// Shows the article `html` above the highlights; removes it if `html` is empty.
fn show_article(html: &str) {
    match (by_id(ARTICLE), card::parse(html)) {
        (Some(shown), Some(fresh)) => morph(&shown, &fresh),
        (Some(shown), None) => shown.remove(),
        (None, Some(fresh)) => {
            if let Some(highlights) = by_id(HIGHLIGHTS) {
                // Can't fail: the highlights are in the page.
                let _ = highlights.insert_adjacent_element("beforebegin", &fresh);
            }
        }
        (None, None) => {}
    }
}

/// Morphs the content of an element into `html`.
fn set_html(id: &str, html: &str, own: bool) {
    if let Some(element) = by_id(id)
        && let Some(fresh) = card::parse(&["<div>", html, "</div>"].concat())
    {
        // Before the comparison: a time that is right already is not touched.
        times::show(&fresh, own);
        morph_children(&element, &fresh);
    }
}

fn set_text(id: &str, text: &str) -> Option<Element> {
    let element = by_id(id)?;
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
    Some(element)
}

#[cfg(test)]
mod tests;
