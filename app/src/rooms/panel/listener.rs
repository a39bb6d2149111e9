//! Listeners for events of elements.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event};

/// Adds a listener to an element, for as long as the document lives.
pub fn listen_to(element: &Element, event: &str, listener: impl FnMut(Event) + 'static) {
    let listener = Closure::<dyn FnMut(Event)>::new(listener);
    // Can't fail: the listener is a function.
    let _ = element.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}
