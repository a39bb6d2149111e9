//! Pending updates below the reader's view: new updates in oldest-first order, and late ones in
//! either order.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::Order;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, IntersectionObserver, IntersectionObserverEntry};

use super::card::key;

type OnChange = Rc<dyn Fn(usize)>;

/// The updates that have not been in view since they were inserted. An update that comes into view
/// is seen. In oldest-first order, so are all updates before it.
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
    /// Returns an empty set of updates in a list in `order`. Calls `on_change` with the set's size
    /// when that changes.
    pub fn new(order: Rc<Cell<Order>>, on_change: impl Fn(usize) + 'static) -> Self {
        let on_change: OnChange = Rc::new(on_change);
        let unseen: Rc<RefCell<Vec<HtmlElement>>> = Rc::default();
        let (on_view, watched) = (Rc::clone(&on_change), Rc::clone(&unseen));
        let callback: Closure<dyn FnMut(js_sys::Array, IntersectionObserver)> = Closure::new(
            move |entries: js_sys::Array, observer: IntersectionObserver| {
                let mut unseen = watched.borrow_mut();
                for entry in entries.iter() {
                    let entry: IntersectionObserverEntry = entry.unchecked_into();
                    if entry.is_intersecting() {
                        let target = entry.target();
                        let seen = key(&target);
                        let is_in_order = order.get() == Order::Oldest;
                        remove_where(&mut unseen, &observer, |card| {
                            *card == target || (is_in_order && key(card) < seen)
                        });
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

    /// Returns the unseen updates.
    pub fn all(&self) -> Vec<HtmlElement> {
        self.unseen.borrow().clone()
    }

    /// Removes an update.
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
