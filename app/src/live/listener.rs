//! What listeners for events share.

use domain::wire::Value;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event};

use super::wire::JsonValue;

/// Adds a listener to an element, for as long as the document lives.
pub fn listen_to(element: &Element, event: &str, listener: impl FnMut(Event) + 'static) {
    let listener = Closure::<dyn FnMut(Event)>::new(listener);
    // Can't fail: the listener is a function.
    let _ = element.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}

/// Returns the element that matches `selector`, and at which an event happened or in which.
pub fn closest(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()?
}

/// Returns the key of an event of the keyboard.
pub fn key_of(event: &Event) -> String {
    let key = JsonValue::of(event.into()).get("key");
    key.and_then(|key| key.string()).unwrap_or_default()
}

/// Returns whether an event has a flag, such as `shiftKey`.
pub fn has_flag(event: &Event, name: &str) -> bool {
    let flag = JsonValue::of(event.into()).get(name);
    flag.and_then(|flag| flag.boolean()) == Some(true)
}
