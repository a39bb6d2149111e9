//! The place of a node in the list: its chunk, and its position in the chunk. The search starts at
//! the newest end, where the place nearly always is.

use domain::{Order, Timestamp, UpdateId};
use js_sys::{Function, Reflect};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

use super::card::key;
use crate::entry::chunk;

/// Inserts an update that is not in the page into `list`, which is in `order`.
pub fn insert_in_order(list: &Element, order: Order, node: &Element) {
    let Some(chunk) = chunk_for(list, order, node) else {
        return;
    };
    let mut at = newest(&chunk, order);
    while let Some(newer) = at.as_ref().filter(|at| is_newer(at, node)) {
        at = older(newer, order);
    }
    insert_after(&chunk, order, at.as_ref(), node);
}

/// Returns the key of the newest update; `None` if the list is empty.
pub fn newest_key(list: &Element, order: Order) -> Option<(Timestamp, UpdateId)> {
    newest(&newest(list, order)?, order).map(|node| key(&node))
}

/// Removes an update from the page, and its chunk if it is empty then.
pub fn remove_from_list(list: &Element, node: &Element) {
    let chunk = node.parent_element();
    node.remove();
    if let Some(chunk) = chunk
        && chunk != *list
        && chunk.child_element_count() == 0
    {
        chunk.remove();
    }
}

/// Moves a node into `parent`, before another node or to the end. Uses `moveBefore` where the
/// browser has it, which keeps focus and playback inside the node.
pub fn move_before(parent: &Element, node: &Element, before: Option<&Element>) {
    let mover = Reflect::get(parent, &JsValue::from_str("moveBefore"));
    if let Some(mover) = mover.ok().and_then(|it| it.dyn_into::<Function>().ok())
        && mover
            .call2(parent, node, &before.map_or(JsValue::NULL, JsValue::from))
            .is_ok()
    {
        return;
    }
    // `moveBefore` rejects a node that is not in the page yet.
    insert(parent, node, before);
}

/// Returns the chunk that an update belongs into: the newest chunk that has an older update.
/// Creates a chunk if the update is newer than all updates of a full newest chunk.
fn chunk_for(list: &Element, order: Order, node: &Element) -> Option<Element> {
    let open = newest(list, order);
    let Some(mut at) = open.filter(|open| !is_full_before(open, order, node)) else {
        let new = document().create_element("div").ok()?;
        new.set_class_name(chunk::OPEN_CLASS);
        insert_after(list, order, newest(list, order).as_ref(), &new);
        return Some(new);
    };
    while let Some(next) = older(&at, order)
        && newest(&at, order.flipped()).is_some_and(|oldest| is_newer(&oldest, node))
    {
        at = next;
    }
    Some(at)
}

/// Returns whether `open` is full and `node` is newer than all of it. Closes the chunk if so.
fn is_full_before(open: &Element, order: Order, node: &Element) -> bool {
    let full = usize::try_from(open.child_element_count()).is_ok_and(|count| count >= chunk::FULL);
    let before = full && newest(open, order).is_some_and(|newest| !is_newer(&newest, node));
    if before {
        open.set_class_name(chunk::FULL_CLASS);
    }
    before
}

fn is_newer(one: &Element, other: &Element) -> bool {
    key(one) > key(other)
}

/// Returns the child at the newest end.
fn newest(parent: &Element, order: Order) -> Option<Element> {
    match order {
        Order::Oldest => parent.last_element_child(),
        Order::Latest => parent.first_element_child(),
    }
}

/// Returns the next sibling towards the oldest end.
fn older(node: &Element, order: Order) -> Option<Element> {
    match order {
        Order::Oldest => node.previous_element_sibling(),
        Order::Latest => node.next_element_sibling(),
    }
}

/// Inserts `node` on the newer side of `at`, or at the oldest end.
fn insert_after(parent: &Element, order: Order, at: Option<&Element>, node: &Element) {
    let before: Option<Element> = match (order, at) {
        (Order::Oldest, Some(at)) => at.next_element_sibling(),
        (Order::Oldest, None) => parent.first_element_child(),
        (Order::Latest, at) => at.cloned(),
    };
    insert(parent, node, before.as_ref());
}

fn insert(parent: &Element, node: &Element, before: Option<&Element>) {
    let before: Option<&Node> = before.map(AsRef::as_ref);
    // Can't fail: both are of this document, and neither contains the other.
    let _ = parent.insert_before(node, before);
}
