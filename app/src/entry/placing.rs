//! Where a node belongs in the list: into which of its stretches, and where in it. It is looked for
//! from the newest end, where it nearly always is.

use domain::Order;
use js_sys::{Function, Reflect};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

use super::{card_node::key, chunk};

/// Puts an update that isn't in the page where it belongs in `list`, which is in `order`.
pub fn put(list: &Element, order: Order, node: &Element) {
    let Some(stretch) = chunk_for(list, order, node) else {
        return;
    };
    let mut at = newest(&stretch, order);
    while let Some(newer) = at.as_ref().filter(|at| is_newer(at, node)) {
        at = older(newer, order);
    }
    put_after(&stretch, order, at.as_ref(), node);
}

/// Takes an update out of the page; and its stretch, if nothing else is in it.
pub fn take_out(list: &Element, node: &Element) {
    let stretch = node.parent_element();
    node.remove();
    if let Some(stretch) = stretch
        && stretch != *list
        && stretch.child_element_count() == 0
    {
        stretch.remove();
    }
}

/// Puts a node into `parent` before another, or at its end; where the browser can move it as it is, so that
/// what is focused or plays in it stays so.
pub fn move_before(parent: &Element, node: &Element, before: Option<&Element>) {
    let mover = Reflect::get(parent, &JsValue::from_str("moveBefore"));
    if let Some(mover) = mover.ok().and_then(|it| it.dyn_into::<Function>().ok())
        && mover
            .call2(parent, node, &before.map_or(JsValue::NULL, JsValue::from))
            .is_ok()
    {
        return;
    }
    // What isn't in the page yet can only be inserted.
    insert(parent, node, before);
}

/// The stretch that an update belongs into: the newest that isn't newer throughout. An arrival that
/// finds the newest one full begins another.
fn chunk_for(list: &Element, order: Order, node: &Element) -> Option<Element> {
    let open = newest(list, order);
    let Some(mut at) = open.filter(|open| !is_full_before(open, order, node)) else {
        let fresh = document().create_element("div").ok()?;
        fresh.set_class_name(chunk::OPEN_CLASS);
        put_after(list, order, newest(list, order).as_ref(), &fresh);
        return Some(fresh);
    };
    while let Some(next) = older(&at, order)
        && newest(&at, order.flipped()).is_some_and(|oldest| is_newer(&oldest, node))
    {
        at = next;
    }
    Some(at)
}

/// Whether `open` is full, and all of it is older than `node`; from then on it is closed.
fn is_full_before(open: &Element, order: Order, node: &Element) -> bool {
    let full = usize::try_from(open.child_element_count()).is_ok_and(|held| held >= chunk::FULL);
    let before = full && newest(open, order).is_some_and(|newest| !is_newer(&newest, node));
    if before {
        open.set_class_name(chunk::FULL_CLASS);
    }
    before
}

fn is_newer(one: &Element, other: &Element) -> bool {
    key(one) > key(other)
}

/// The child at the newest end.
fn newest(parent: &Element, order: Order) -> Option<Element> {
    match order {
        Order::Oldest => parent.last_element_child(),
        Order::Latest => parent.first_element_child(),
    }
}

/// The next sibling on the way to the oldest end.
fn older(node: &Element, order: Order) -> Option<Element> {
    match order {
        Order::Oldest => node.previous_element_sibling(),
        Order::Latest => node.next_element_sibling(),
    }
}

/// Inserts `node` on the newer side of `at`, or at the oldest end.
fn put_after(parent: &Element, order: Order, at: Option<&Element>, node: &Element) {
    let before: Option<Element> = match (order, at) {
        (Order::Oldest, Some(at)) => at.next_element_sibling(),
        (Order::Oldest, None) => parent.first_element_child(),
        (Order::Latest, at) => at.cloned(),
    };
    insert(parent, node, before.as_ref());
}

fn insert(parent: &Element, node: &Element, before: Option<&Element>) {
    let before: Option<&Node> = before.map(AsRef::as_ref);
    // Both are of this document, and neither holds the other.
    let _ = parent.insert_before(node, before);
}
