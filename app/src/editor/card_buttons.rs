//! The buttons in the cards, each of which opens the menu of its update.

use leptos::{
    prelude::*,
    web_sys::{Element, Event, HtmlElement, NodeList},
};
use wasm_bindgen::JsCast;

/// The class of the button in a card.
pub const TOGGLE: &str = "update-menu-button";

/// Adds the button to each card of the account with the id `author` that has none; to all cards if
/// `author` is `None`.
pub fn add_buttons(list: &Element, author: Option<&str>) {
    let without = format!(".update:not(:has(> .{TOGGLE}))");
    for card in elements(list, &without) {
        let written_by = card.get_attribute("data-author-id");
        if author.is_some() && written_by.as_deref() != author {
            continue;
        }
        let Ok(button) = document().create_element("button") else {
            return;
        };
        let label = format!(
            "Actions for the update of {}",
            text_of(&card, ".update-when")
        );
        for (name, value) in [
            ("type", "button"),
            ("class", TOGGLE),
            ("lang", "en"),
            ("translate", "no"),
            ("aria-haspopup", "true"),
            ("aria-expanded", "false"),
            ("aria-label", &label),
        ] {
            // Can't fail: the names are valid.
            let _ = button.set_attribute(name, value);
        }
        button.set_text_content(Some("⋯"));
        // Can't fail: it is an element of this document.
        let _ = card.append_child(&button);
    }
}

/// Returns the button of a card that was clicked.
pub fn button_of(event: &Event) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(&format!(".{TOGGLE}")).ok()?
}

/// Returns the id of the update in whose card `button` is.
pub fn update_of(button: &Element) -> Option<i64> {
    let card = button.closest(".update").ok()??;
    card.get_attribute("data-update-id")?.parse().ok()
}

/// Returns the button in the card of an update, if the card is in the page.
pub fn button_for(id: i64) -> Option<HtmlElement> {
    let button = format!("#update-{id} > .{TOGGLE}");
    document().query_selector(&button).ok()??.dyn_into().ok()
}

/// Returns the text of the first element in `root` that matches `selector`.
pub fn text_of(root: &Element, selector: &str) -> String {
    let found = root.query_selector(selector).ok().flatten();
    found
        .and_then(|it| it.text_content())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Returns the elements in `root` that match `selector`.
pub fn elements(root: &Element, selector: &str) -> Vec<Element> {
    let found = root.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length)
        .filter_map(|at| found.as_ref()?.item(at)?.dyn_into().ok())
        .collect()
}
