//! Keys that belong to an input method: with it Japanese, Chinese and Korean are typed, and Enter takes one of
//! the words that it offers.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;
use leptos::web_sys::KeyboardEvent;

/// The code of a key that an input method handled (UI Events, 9.3.1).
const HANDLED: u32 = 229;

/// Whether keys are an input method's.
#[derive(Clone, Default)]
pub struct Composition {
    /// Whether a composition ended just now.
    ended: Rc<Cell<bool>>,
}

impl Composition {
    /// A composition has ended. Safari says so before it reports the key that ended it: until the browser
    /// is done with that key, no key is the author's.
    pub fn end(&self) {
        self.ended.set(true);
        let ended = Rc::clone(&self.ended);
        Timeout::new(0, move || ended.set(false)).forget();
    }

    /// Whether a key is the input method's, and means nothing to the form.
    pub fn has_key(&self, event: &KeyboardEvent) -> bool {
        event.is_composing() || event.key_code() == HANDLED || self.ended.get()
    }
}
