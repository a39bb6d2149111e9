//! Makes a node of the page say what the server says now, and touches nothing of it that says so already:
//! what is selected, focused or playing there stays so.

use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// Makes `old` what `fresh` is.
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
        // What one element has, another of its kind can have.
        let _ = match other.get_attribute(&name) {
            Some(value) if element.get_attribute(&name).as_ref() != Some(&value) => {
                element.set_attribute(&name, &value)
            }
            // What the reader has unfolded isn't the server's to fold.
            None if name != "open" => element.remove_attribute(&name),
            _ => Ok(()),
        };
    }
    morph_children(old, fresh);
}

/// Makes the inside of `old` what is inside `fresh`. What of both is the same thing is told by its kind,
/// its id and its class.
pub fn morph_children(old: &Node, fresh: &Node) {
    let mut at = old.first_child();
    while let Some(next) = fresh.first_child() {
        let mut same = at.clone();
        while let Some(node) = same.as_ref().filter(|node| !is_same_thing(node, &next)) {
            same = node.next_sibling();
        }
        if let Some(same) = same {
            // What stands before it is gone.
            at = remove_until(old, at, Some(&same));
            morph(&same, &next);
            at = at.and_then(|at| at.next_sibling());
            // Neither is in the other.
            let _ = fresh.remove_child(&next);
        } else {
            // It leaves `fresh` by being inserted.
            let _ = old.insert_before(&next, at.as_ref());
        }
    }
    remove_until(old, at, None);
}

fn names(element: &Element) -> impl Iterator<Item = String> {
    let names = element.get_attribute_names();
    (0..names.length()).filter_map(move |at| names.get(at).as_string())
}

fn is_same_thing(one: &Node, other: &Node) -> bool {
    let name = |node: &Node| {
        let element = node.dyn_ref::<Element>();
        (
            node.node_name(),
            element.map(|it| (it.id(), it.class_name())),
        )
    };
    name(one) == name(other)
}

/// Removes what stands from `at` on, up to `end`, which it answers.
fn remove_until(parent: &Node, mut at: Option<Node>, end: Option<&Node>) -> Option<Node> {
    while let Some(node) = at.take_if(|node| Some(&*node) != end) {
        at = node.next_sibling();
        // It is a child.
        let _ = parent.remove_child(&node);
    }
    at
}
