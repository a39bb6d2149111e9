//! Keeps the focus in the composer when the focused element disappears.
//!
//! A button that removes its own item, such as "Discard for good", would leave the focus nowhere:
//! the next Tab would begin at the top of the page.

use std::{cell::RefCell, rc::Rc};

use js_sys::Array;
use leptos::{
    prelude::*,
    web_sys::{Element, Event, MutationObserver, MutationObserverInit},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The element that had the focus last, while the author uses the keyboard.
type LastFocused = Rc<RefCell<Option<Element>>>;

/// Calls `move_focus` whenever the focused element in `host` has been removed or hidden, for as
/// long as the composer exists. Only for authors who use the keyboard: on a phone, a focus in the
/// text box would open the keyboard.
pub fn keep_focus(host: &Element, move_focus: impl Fn() + 'static) {
    let last = LastFocused::default();
    let focused = Rc::clone(&last);
    let own = host.clone();
    let on_focus = window_event_listener_untyped("focusin", move |event| {
        let target = target(&event).filter(|target| own.contains(Some(target)));
        focused.replace(target);
    });
    let pressed = Rc::clone(&last);
    let on_pointer = window_event_listener_untyped("pointerup", move |_| {
        pressed.take();
    });
    let on_change = Closure::<dyn FnMut()>::new(move || {
        let is_lost = last.borrow().as_ref().is_some_and(is_gone);
        if is_lost {
            last.take();
            if is_nowhere() {
                move_focus();
            }
        }
    });
    let observer = MutationObserver::new(on_change.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        options.set_subtree(true);
        let attributes: Array = ["hidden", "open"].map(JsValue::from_str).iter().collect();
        options.set_attribute_filter(&attributes);
        // Can't fail: the options are valid.
        let _ = observer.observe_with_options(host, &options);
    }
    let observing = StoredValue::new_local(Some((observer, on_change)));
    on_cleanup(move || {
        on_focus.remove();
        on_pointer.remove();
        if let Some((Some(observer), _)) = observing.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// Returns whether an element is no longer in the page, or hidden.
fn is_gone(element: &Element) -> bool {
    !element.is_connected()
        || matches!(element.closest("[hidden], dialog:not([open])"), Ok(Some(_)))
}

/// Returns whether no element has the focus, or one that is hidden.
fn is_nowhere() -> bool {
    document()
        .active_element()
        .is_none_or(|active| active.tag_name() == "BODY" || is_gone(&active))
}
