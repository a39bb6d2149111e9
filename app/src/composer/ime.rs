//! Detection of keys that an input method handles. Japanese, Chinese and Korean are typed with
//! input methods, where Enter accepts a suggestion.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;
use leptos::web_sys::KeyboardEvent;

/// The `keyCode` of a key that an input method handled (UI Events, 9.3.1).
const HANDLED_KEY_CODE: u32 = 229;

/// Tracks whether an input method handles the keys.
#[derive(Clone, Default)]
pub struct Composition {
    /// Whether a composition ended in the current task.
    ended: Rc<Cell<bool>>,
}

impl Composition {
    /// Handles the end of a composition. Safari reports it before the key that ended it, so keys
    /// are ignored until the browser has dispatched that key.
    pub fn end(&self) {
        self.ended.set(true);
        let ended = Rc::clone(&self.ended);
        Timeout::new(0, move || ended.set(false)).forget();
    }

    /// Returns whether the input method handles a key, so that the form must ignore it.
    pub fn handles(&self, event: &KeyboardEvent) -> bool {
        event.is_composing() || event.key_code() == HANDLED_KEY_CODE || self.ended.get()
    }
}
