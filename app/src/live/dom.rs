//! Helpers for elements of the page.

use js_sys::Reflect;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, NodeList};

/// Returns the element with this id.
pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Returns the elements in `root` that match `selector`.
pub fn all(root: &Element, selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = root.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length).filter_map(move |at| Some(found.as_ref()?.item(at)?.unchecked_into()))
}

/// Returns the first element in `root` that matches `selector`.
pub fn find(root: &Element, selector: &str) -> Option<Element> {
    root.query_selector(selector).ok()?
}

/// Returns the text of the first element in `root` that matches `selector`; empty without one.
pub fn content(root: &Element, selector: &str) -> String {
    let part = find(root, selector).and_then(|it| it.text_content());
    part.unwrap_or_default()
}

/// Returns the text in a field of a form.
pub fn field_text(field: &Element) -> String {
    let value = Reflect::get(field, &"value".into());
    value.ok().and_then(|it| it.as_string()).unwrap_or_default()
}

/// Sets the text in a field of a form.
pub fn set_field_text(field: &Element, text: &str) {
    // Can't fail: it is a field.
    let _ = Reflect::set(field, &"value".into(), &JsValue::from_str(text));
}

/// Returns an attribute's value; empty if it is missing.
pub fn text(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

/// Returns the number in an attribute; 0 if it is missing or malformed.
pub fn number(element: &Element, name: &str) -> i64 {
    text(element, name).parse().unwrap_or_default()
}

/// Sets an attribute with a valid name.
pub fn set(element: &Element, name: &str, value: &str) {
    // Can't fail: the name is valid.
    let _ = element.set_attribute(name, value);
}

/// Removes an attribute, if the element has it.
pub fn remove(element: &Element, name: &str) {
    // Can't fail: removing what is missing does nothing.
    let _ = element.remove_attribute(name);
}

/// Hides an element, or shows it.
pub fn hide(element: &Element, hidden: bool) {
    // Can't fail: the name is valid.
    let _ = element.toggle_attribute_with_force("hidden", hidden);
}
