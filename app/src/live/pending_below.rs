//! Pending updates at the list's end: in oldest-first order, new updates appear below the reader's
//! view.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, IntersectionObserver, IntersectionObserverEntry};

use super::card::key;

type OnChange = Rc<dyn Fn(usize)>;

/// The updates at the list's end that have not been in view since they were inserted. An update
/// that comes into view is seen, and so are all updates before it.
pub struct PendingBelow {
    unseen: Rc<RefCell<Vec<HtmlElement>>>,
    /// Reports what is in view, without forcing a layout of the list.
    observer: Option<IntersectionObserver>,
    /// The observer's callback.
    _callback: Closure<dyn FnMut(js_sys::Array, IntersectionObserver)>,
    /// Called with the number of unseen updates when it changes.
    on_change: OnChange,
}

impl PendingBelow {
    /// Returns an empty set that calls `on_change` with its size when that changes.
    pub fn new(on_change: impl Fn(usize) + 'static) -> Self {
        let on_change: OnChange = Rc::new(on_change);
        let unseen: Rc<RefCell<Vec<HtmlElement>>> = Rc::default();
        let (on_view, watched) = (Rc::clone(&on_change), Rc::clone(&unseen));
        let callback: Closure<dyn FnMut(js_sys::Array, IntersectionObserver)> = Closure::new(
            move |entries: js_sys::Array, observer: IntersectionObserver| {
                let mut unseen = watched.borrow_mut();
                for entry in entries.iter() {
                    let entry: IntersectionObserverEntry = entry.unchecked_into();
                    if entry.is_intersecting() {
                        let seen = key(&entry.target());
                        remove_where(&mut unseen, &observer, |card| key(card) <= seen);
                    }
                }
                on_view(unseen.len());
            },
        );
        let observer = IntersectionObserver::new(callback.as_ref().unchecked_ref()).ok();
        Self {
            unseen,
            observer,
            _callback: callback,
            on_change,
        }
    }

    /// Adds a new update. `on_change` is called only after the browser has reported whether the
    /// update is in view.
    pub fn watch(&self, card: &HtmlElement) {
        if let Some(observer) = &self.observer {
            self.unseen.borrow_mut().push(card.clone());
            observer.observe(card);
        }
    }

    /// Returns the number of unseen updates.
    pub fn count(&self) -> usize {
        self.unseen.borrow().len()
    }

    /// Returns the first unseen update, in the order of the list.
    pub fn first(&self) -> Option<HtmlElement> {
        let unseen = self.unseen.borrow();
        unseen.iter().min_by_key(|card| key(card)).cloned()
    }

    /// Removes a deleted update.
    pub fn forget(&self, card: &Element) {
        self.remove_where(|unseen| unseen.is_same_node(Some(card)));
    }

    /// Removes all updates, when the reader jumps to them or reverses the order.
    pub fn clear(&self) {
        self.remove_where(|_| true);
    }

    fn remove_where(&self, matches: impl FnMut(&Element) -> bool) {
        let Some(observer) = &self.observer else {
            return;
        };
        let mut unseen = self.unseen.borrow_mut();
        if remove_where(&mut unseen, observer, matches) {
            (self.on_change)(unseen.len());
        }
    }
}

/// Removes matching cards. Returns whether there were any.
fn remove_where(
    unseen: &mut Vec<HtmlElement>,
    observer: &IntersectionObserver,
    mut matches: impl FnMut(&Element) -> bool,
) -> bool {
    let before = unseen.len();
    unseen.retain(|card| {
        let is_removed = matches(card);
        if is_removed {
            observer.unobserve(card);
        }
        !is_removed
    });
    unseen.len() < before
}
