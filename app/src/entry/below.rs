//! Arrivals that the reader hasn't come to: in oldest-first order they appear at the list's end, out of view of
//! whoever reads further up.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, IntersectionObserver, IntersectionObserverEntry};

use super::card_node::key;

type Tell = Rc<dyn Fn(usize)>;

/// The arrivals that were not in view since they came. What was in view is seen, and so is what stands before it:
/// who is at the end has nothing to come to.
pub struct Below {
    unseen: Rc<RefCell<Vec<HtmlElement>>>,
    /// Whether something is in view is asked of the browser, which knows without a layout of the list.
    observer: Option<IntersectionObserver>,
    /// Is told how many there are, whenever that changes.
    tell: Tell,
}

impl Below {
    /// Tells `tell` how many there are whenever that changes, for as long as the document lives.
    pub fn new(tell: impl Fn(usize) + 'static) -> Self {
        let tell: Tell = Rc::new(tell);
        let unseen: Rc<RefCell<Vec<HtmlElement>>> = Rc::default();
        let (told, looked_for) = (Rc::clone(&tell), Rc::clone(&unseen));
        let look: Closure<dyn FnMut(js_sys::Array, IntersectionObserver)> = Closure::new(
            move |entries: js_sys::Array, observer: IntersectionObserver| {
                let mut unseen = looked_for.borrow_mut();
                for entry in entries.iter() {
                    let entry: IntersectionObserverEntry = entry.unchecked_into();
                    if entry.is_intersecting() {
                        let seen = key(&entry.target());
                        drop_from(&mut unseen, &observer, |card| key(card) <= seen);
                    }
                }
                told(unseen.len());
            },
        );
        let observer = IntersectionObserver::new(look.as_ref().unchecked_ref()).ok();
        look.forget();
        Self {
            unseen,
            observer,
            tell,
        }
    }

    /// Watches an arrival. It isn't counted before the browser has said that it is out of view: until then
    /// nothing is told.
    pub fn watch(&self, card: &HtmlElement) {
        if let Some(observer) = &self.observer {
            self.unseen.borrow_mut().push(card.clone());
            observer.observe(card);
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.unseen.borrow().len()
    }

    /// The first of them, in the order of the list.
    pub fn first(&self) -> Option<HtmlElement> {
        let unseen = self.unseen.borrow();
        unseen.iter().min_by_key(|card| key(card)).cloned()
    }

    /// Forgets a card that is deleted, if it was one of them.
    pub fn forget(&self, card: &Element) {
        self.drop_where(|unseen| unseen.is_same_node(Some(card)));
    }

    /// Forgets all of them: the reader goes to them, or has them in another order.
    pub fn clear(&self) {
        self.drop_where(|_| true);
    }

    fn drop_where(&self, is_dropped: impl FnMut(&Element) -> bool) {
        let Some(observer) = &self.observer else {
            return;
        };
        let mut unseen = self.unseen.borrow_mut();
        if drop_from(&mut unseen, observer, is_dropped) {
            (self.tell)(unseen.len());
        }
    }
}

/// Returns whether any was dropped.
fn drop_from(
    unseen: &mut Vec<HtmlElement>,
    observer: &IntersectionObserver,
    mut is_dropped: impl FnMut(&Element) -> bool,
) -> bool {
    let before = unseen.len();
    unseen.retain(|card| {
        let drops = is_dropped(card);
        if drops {
            observer.unobserve(card);
        }
        !drops
    });
    unseen.len() < before
}
