//! An update's card as a node of the page.

use domain::{Timestamp, UpdateId};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Element, HtmlTemplateElement};

/// What the list is sorted by.
pub fn key(node: &Element) -> (Timestamp, UpdateId) {
    (
        Timestamp(number(node, "data-posted-at")),
        UpdateId(number(node, "data-update-id")),
    )
}

/// The number in one of a node's attributes.
pub fn number(node: &Element, name: &str) -> i64 {
    let text = node.get_attribute(name);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The node of an update, if it is in the page.
pub fn find(id: UpdateId) -> Option<Element> {
    document().get_element_by_id(&["update-", &id.to_string()].concat())
}

/// A node made of a card.
pub fn parse(html: &str) -> Option<Element> {
    parse_all(html)?.first_element_child()
}

/// All nodes of a piece of HTML, or of a page.
pub fn parse_all(html: &str) -> Option<DocumentFragment> {
    let template: HtmlTemplateElement = document()
        .create_element("template")
        .ok()?
        .dyn_into()
        .ok()?;
    template.set_inner_html(html);
    Some(template.content())
}
