//! An update's card as a node of the page.

use domain::{Timestamp, UpdateId};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTemplateElement};

/// What the list is sorted by.
pub fn key(node: &Element) -> (Timestamp, UpdateId) {
    let number = |name| {
        node.get_attribute(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    };
    (
        Timestamp(number("data-posted-at")),
        UpdateId(number("data-update-id")),
    )
}

/// The node of an update, if it is in the page.
pub fn find(id: UpdateId) -> Option<Element> {
    document().get_element_by_id(&["update-", &id.to_string()].concat())
}

/// A node made of a card.
pub fn parse(html: &str) -> Option<Element> {
    let template: HtmlTemplateElement = document()
        .create_element("template")
        .ok()?
        .dyn_into()
        .ok()?;
    template.set_inner_html(html);
    template.content().first_element_child()
}
