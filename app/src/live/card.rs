//! An update's card as a DOM node.

use domain::{Timestamp, UpdateId};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, Element, HtmlTemplateElement};

use super::dom::{by_id, number};

/// Returns the key that the list is sorted by.
pub fn key(node: &Element) -> (Timestamp, UpdateId) {
    (
        Timestamp(number(node, "data-posted-at")),
        UpdateId(number(node, "data-update-id")),
    )
}

/// Returns the node of an update, if it is in the page.
pub fn find(id: UpdateId) -> Option<Element> {
    by_id(&["update-", &id.to_string()].concat())
}

/// Parses a card into a node that is not in the page.
pub fn parse(html: &str) -> Option<Element> {
    parse_all(html)?.first_element_child()
}

/// Parses a fragment of HTML, or a page, into nodes that are not in the page.
pub fn parse_all(html: &str) -> Option<DocumentFragment> {
    let template: HtmlTemplateElement = document()
        .create_element("template")
        .ok()?
        .dyn_into()
        .ok()?;
    template.set_inner_html(html);
    Some(template.content())
}
