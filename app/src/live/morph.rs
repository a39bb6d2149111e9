//! Morphing: changes a node of the page into another in place. Parts that are equal already are not
//! touched, so that selection, focus and playback in them are kept.

use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// Morphs `old` into `fresh`.
pub fn morph(old: &Node, fresh: &Node) {
    if old.is_equal_node(Some(fresh)) {
        return;
    }
    let (Some(element), Some(other)) = (old.dyn_ref::<Element>(), fresh.dyn_ref::<Element>())
    else {
        old.set_node_value(fresh.node_value().as_deref());
        return;
    };
    for name in names(element).chain(names(other)) {
        // Can't fail: the name comes from an attribute of such an element.
        let _ = match other.get_attribute(&name) {
            Some(value) if element.get_attribute(&name).as_ref() != Some(&value) => {
                element.set_attribute(&name, &value)
            }
            // A `<details>` that the reader opened stays open.
            None if name != "open" => element.remove_attribute(&name),
            _ => Ok(()),
        };
    }
    morph_children(old, fresh);
}

/// Morphs the children of `old` into those of `fresh`. Children are matched by name, id and class.
pub fn morph_children(old: &Node, fresh: &Node) {
    let mut at = old.first_child();
    while let Some(next) = fresh.first_child() {
        let mut same = at.clone();
        while let Some(node) = same.as_ref().filter(|node| !is_match(node, &next)) {
            same = node.next_sibling();
        }
        if let Some(same) = same {
            // The nodes before it have no match.
            at = remove_until(old, at, Some(&same));
            morph(&same, &next);
            at = at.and_then(|at| at.next_sibling());
            // Can't fail: it is a child of `fresh`.
            let _ = fresh.remove_child(&next);
        } else {
            // Inserting it removes it from `fresh`.
            let _ = old.insert_before(&next, at.as_ref());
        }
    }
    remove_until(old, at, None);
}

fn names(element: &Element) -> impl Iterator<Item = String> {
    let names = element.get_attribute_names();
    (0..names.length()).filter_map(move |at| names.get(at).as_string())
}

fn is_match(one: &Node, other: &Node) -> bool {
    let name = |node: &Node| {
        let element = node.dyn_ref::<Element>();
        (
            node.node_name(),
            element.map(|it| (it.id(), it.class_name())),
        )
    };
    name(one) == name(other)
}

/// Removes the children from `at` up to `end`, and returns `end`.
fn remove_until(parent: &Node, mut at: Option<Node>, end: Option<&Node>) -> Option<Node> {
    while let Some(node) = at.take_if(|node| Some(&*node) != end) {
        at = node.next_sibling();
        // Can't fail: it is a child of `parent`.
        let _ = parent.remove_child(&node);
    }
    at
}

#[cfg(test)]
mod tests;
