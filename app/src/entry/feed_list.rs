//! The list of updates in the page, by key: an update is one node for as long as it is there.
//!
//! Nothing here touches what the reader reads: an arrival is inserted, an edit changes the inside of
//! its own node, a deletion removes its own node, and the toggle moves nodes without making new ones.

use domain::{Change, Order, Presented, Timestamp, UpdateId};
use js_sys::{Function, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlMediaElement, HtmlTemplateElement, Node};

use super::times;

/// The list.
pub struct FeedList {
    list: HtmlElement,
}

impl FeedList {
    /// The list of this page, if it has one.
    pub fn find() -> Option<Self> {
        let list = document().get_element_by_id("live-updates")?;
        Some(Self {
            list: list.dyn_into().ok()?,
        })
    }

    /// The list itself.
    pub const fn element(&self) -> &HtmlElement {
        &self.list
    }

    /// What the server or a script wrote into one of the list's `data-` attributes.
    pub fn data(&self, name: &str) -> String {
        self.list.dataset().get(name).unwrap_or_default()
    }

    /// Writes one of the list's `data-` attributes.
    pub fn set_data(&self, name: &str, value: &str) {
        // A plain name is always taken.
        let _ = self.list.dataset().set(name, value);
    }

    /// The order that the list is in.
    pub fn order(&self) -> Order {
        self.data("order").parse().unwrap_or(Order::Oldest)
    }

    /// Puts the list into the other order.
    pub fn flip(&self) {
        let nodes: Vec<Node> = self.updates().map(Into::into).collect();
        for node in nodes.into_iter().rev() {
            self.place(&node, None);
        }
        self.set_data("order", self.order().flipped().as_str());
    }

    /// Applies `changes`; with `hold`, arrivals stay hidden. Answers the nodes that arrived.
    pub fn apply(&self, changes: &[Change], hold: bool) -> Vec<Element> {
        let mut arrived = Vec::new();
        for change in changes {
            match (change, find(change.id())) {
                (Change::Deleted(_), Some(node)) => node.remove(),
                (Change::Deleted(_), None) => {}
                (Change::Presented(shown), Some(node)) => self.rewrite(&node, shown),
                (Change::Presented(shown), None) => {
                    if let Some(node) = parse(&shown.html) {
                        node.class_list().add_1("is-new").unwrap_or_default();
                        if hold {
                            node.set_attribute("hidden", "").unwrap_or_default();
                        }
                        let before = self.place_for(shown);
                        self.place(&node, before.as_ref());
                        self.list.remove_attribute("aria-busy").unwrap_or_default();
                        arrived.push(node);
                    }
                }
            }
        }
        arrived
    }

    /// Removes every update but those numbered `kept`, after a reset.
    pub fn retain(&self, kept: impl Fn(UpdateId) -> bool) {
        let gone: Vec<_> = self.updates().filter(|node| !kept(key(node).1)).collect();
        for node in gone {
            node.remove();
        }
    }

    /// How many arrivals are hidden.
    pub fn held(&self) -> usize {
        self.updates()
            .filter(|node| node.has_attribute("hidden"))
            .count()
    }

    /// Shows every arrival that is hidden.
    pub fn reveal(&self) {
        for node in self.updates() {
            node.remove_attribute("hidden").unwrap_or_default();
        }
    }

    /// Takes the reader to the top of the list, keyboard and all.
    pub fn go_to_top(&self) {
        self.list.scroll_into_view();
        let first = self
            .updates()
            .next()
            .and_then(|node| node.dyn_into::<HtmlElement>().ok());
        if let Some(first) = first {
            first.set_tab_index(-1);
            // What can't take the focus leaves it where it is.
            let _ = first.focus();
        }
    }

    /// Whether something may appear at the top without disturbing anybody: the top is in view, the
    /// tab is visible, and nothing in the list is selected, focused or playing.
    pub fn is_undisturbed(&self) -> bool {
        let height = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64());
        let top = self.list.get_bounding_client_rect().top();
        let in_view = top >= 0.0 && top < height.unwrap_or_default();
        in_view
            && !document().hidden()
            && !self.is_selected()
            && !self.is_focused()
            && !self.is_playing()
    }

    fn is_selected(&self) -> bool {
        let selection = window().get_selection().ok().flatten();
        selection.is_some_and(|selection| {
            !selection.is_collapsed()
                && selection
                    .contains_node_with_allow_partial_containment(&self.list, true)
                    .unwrap_or(false)
        })
    }

    fn is_focused(&self) -> bool {
        let active = document().active_element();
        active.is_some_and(|active| self.list.contains(Some(&active)))
    }

    fn is_playing(&self) -> bool {
        let Ok(players) = self.list.query_selector_all("video, audio") else {
            return false;
        };
        (0..players.length())
            .filter_map(|at| players.item(at)?.dyn_into::<HtmlMediaElement>().ok())
            .any(|player| !player.paused())
    }

    fn updates(&self) -> impl Iterator<Item = Element> + use<> {
        let children = self.list.children();
        // The collection is live: it is read once, before anything moves.
        let nodes: Vec<_> = (0..children.length())
            .filter_map(|at| children.item(at))
            .collect();
        nodes.into_iter()
    }

    /// Gives a node the inside of another card; the node itself stays, and so does its place unless the
    /// time it was posted changed, as after a reset. A card that says the same is left alone: what is
    /// selected or plays in it goes on.
    fn rewrite(&self, node: &Element, shown: &Presented) {
        let Some(fresh) = parse(&shown.html) else {
            return;
        };
        times::show(node, false);
        let inside = fresh.inner_html();
        if node.inner_html() != inside {
            node.set_inner_html(&inside);
        }
        // Plain names are always taken.
        let _ = node.set_attribute("data-rev", &shown.rev.to_string());
        if key(node) != (shown.posted_at, shown.id) {
            let _ = node.set_attribute("data-posted-at", &shown.posted_at.0.to_string());
            node.remove();
            self.place(node, self.place_for(shown).as_ref());
        }
    }

    /// The node that an arrival comes before: looked for from the newest end, where it nearly always
    /// belongs.
    fn place_for(&self, shown: &Presented) -> Option<Element> {
        let new = (shown.posted_at, shown.id);
        match self.order() {
            Order::Oldest => {
                let mut before = None;
                let mut node = self.list.last_element_child();
                while let Some(newer) = node.filter(|node| key(node) > new) {
                    node = newer.previous_element_sibling();
                    before = Some(newer);
                }
                before
            }
            Order::Latest => {
                let mut node = self.list.first_element_child();
                while let Some(newer) = node.as_ref().filter(|node| key(node) > new) {
                    node = newer.next_element_sibling();
                }
                node
            }
        }
    }

    /// Puts a node before another, or last. A node that is in the page already is moved where the
    /// browser can move it, so that what plays in it goes on.
    fn place(&self, node: &Node, before: Option<&Element>) {
        let before: Option<&Node> = before.map(AsRef::as_ref);
        if node.is_connected()
            && let Ok(Some(mover)) = Reflect::get(&self.list, &JsValue::from_str("moveBefore"))
                .map(|mover| mover.dyn_into::<Function>().ok())
        {
            let before = before.map_or(JsValue::NULL, JsValue::from);
            if mover.call2(&self.list, node, &before).is_ok() {
                return;
            }
        }
        // Both nodes are of this document, and neither holds the other.
        let _ = self.list.insert_before(node, before);
    }
}

/// What the list is sorted by.
fn key(node: &Element) -> (Timestamp, UpdateId) {
    let number = |name| {
        node.get_attribute(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    };
    (
        Timestamp(number("data-posted-at")),
        UpdateId(number("data-update-id")),
    )
}

fn find(id: UpdateId) -> Option<Element> {
    document().get_element_by_id(&format!("update-{id}"))
}

fn parse(html: &str) -> Option<Element> {
    let template: HtmlTemplateElement = document()
        .create_element("template")
        .ok()?
        .dyn_into()
        .ok()?;
    template.set_inner_html(html);
    template.content().first_element_child()
}
