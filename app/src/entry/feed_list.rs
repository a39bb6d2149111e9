//! The list of updates in the page. An update keeps its DOM node for as long as it exists.
//!
//! Nothing here disturbs the reader: a new update is inserted, an edit changes the inside of its
//! own node, a deletion removes its own node, and reversing the order moves nodes instead of
//! creating them. The cost of a change does not depend on the length of the list.

use std::cell::{Cell, RefCell};

use domain::{Change, Order, Rev, Timestamp};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, NodeList};

use super::{
    card_node::{self, key, number},
    morph::morph_children,
    pending_below::PendingBelow,
    placement::{insert_in_order, move_before, remove_from_list},
    reading_position::ReadingPosition,
    times,
};

/// The kind of a live page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// An entry and its updates.
    Entry,
    /// `/live`: the updates of all live entries.
    LiveNow,
    /// The front page: a summary of each entry.
    Front,
}

/// The id of the front page's list.
const ENTRIES: &str = "live-entries";

/// The list.
pub struct FeedList {
    list: HtmlElement,
    position: ReadingPosition,
    /// The pending updates above the reader, hidden until the reader shows them.
    pending_above: RefCell<Vec<Element>>,
    /// The pending updates at the list's end, which the reader has not scrolled to yet.
    pending_below: PendingBelow,
    own_zone: Cell<bool>,
}

impl FeedList {
    /// Returns the list of this page, if it has one: of updates, or of entries on the front page.
    /// Calls `on_pending` with the number of pending updates at the list's end when it changes.
    pub fn find(on_pending: impl Fn(usize) + 'static) -> Option<Self> {
        let find = |id| document().get_element_by_id(id);
        let list = find("live-updates").or_else(|| find(ENTRIES))?;
        let list: HtmlElement = list.dyn_into().ok()?;
        Some(Self {
            position: ReadingPosition::watch(list.clone()),
            list,
            pending_above: RefCell::default(),
            pending_below: PendingBelow::new(on_pending),
            own_zone: Cell::new(false),
        })
    }

    /// Returns the list's element.
    pub const fn element(&self) -> &HtmlElement {
        &self.list
    }

    /// Returns the kind of the page.
    pub fn kind(&self) -> PageKind {
        if self.list.id() == ENTRIES {
            PageKind::Front
        } else if self.data("entryId") == "all" {
            PageKind::LiveNow
        } else {
            PageKind::Entry
        }
    }

    /// Returns the value of one of the list's `data-` attributes; empty if it is missing.
    pub fn data(&self, name: &str) -> String {
        self.list.dataset().get(name).unwrap_or_default()
    }

    /// Sets one of the list's `data-` attributes.
    pub fn set_data(&self, name: &str, value: &str) {
        // Can't fail: the attribute's name is valid.
        let _ = self.list.dataset().set(name, value);
    }

    /// Returns the list's order.
    pub fn order(&self) -> Order {
        self.data("order").parse().unwrap_or(Order::Oldest)
    }

    /// Reverses the list's order.
    pub fn flip(&self) {
        let chunks = self.list.children();
        let chunks: Vec<_> = (0..chunks.length())
            .filter_map(|at| chunks.item(at))
            .collect();
        for chunk in chunks.into_iter().rev() {
            let updates = chunk.children();
            // The collection is live: a node moved to the end comes after those yet to be moved.
            for at in (0..updates.length()).rev() {
                if let Some(update) = updates.item(at) {
                    move_before(&chunk, &update, None);
                }
            }
            move_before(&self.list, &chunk, None);
        }
        self.set_data("order", self.order().flipped().as_str());
    }

    /// Applies `changes`. With `hidden`, new updates stay hidden. Returns how many are new.
    pub fn apply(&self, changes: &[Change], hidden: bool) -> usize {
        let mut count = 0;
        for change in changes {
            match change {
                Change::Deleted(deleted) => {
                    if let Some(node) = card_node::find(deleted.id) {
                        self.remove(&node);
                    }
                }
                Change::Upserted(upserted) => {
                    if let Some(card) = card_node::parse(&upserted.html) {
                        count += usize::from(self.upsert(card, hidden));
                    }
                }
            }
        }
        self.update_busy();
        count
    }

    /// Makes the list contain exactly the cards of `page`. With `hidden`, new updates stay hidden.
    /// Returns how many are new.
    pub fn replace_with(&self, page: &Element, hidden: bool) -> usize {
        self.mark_stale();
        let count = self.upsert_all(page, hidden);
        self.remove_stale();
        self.update_busy();
        count
    }

    /// Merges `page`, which is of the same feed and epoch, and complete up to `rev`. An update that
    /// is too old for the page, or newer than the page, stays in the list. Returns how many updates
    /// are new.
    pub fn merge(&self, page: &Element, rev: Rev, hidden: bool) -> usize {
        let live = page.get_attribute("data-live").unwrap_or_default();
        let oldest = Timestamp(number(page, "data-oldest"));
        for card in all(&self.list, ".update") {
            let has_ended = !live.split(' ').any(|entry| is_from(&card, entry));
            let is_covered = key(&card).0 >= oldest && number(&card, "data-rev") <= rev;
            if has_ended || (is_covered && !contains(page, &card)) {
                self.remove(&card);
            }
        }
        let count = self.upsert_all(page, hidden);
        self.update_busy();
        count
    }

    /// Marks every update as stale, by removing its revision, until a change sets it again. Used
    /// after a reset.
    pub fn mark_stale(&self) {
        for update in all(&self.list, ".update") {
            // Can't fail: the attribute's name is valid.
            let _ = update.remove_attribute("data-rev");
        }
    }

    /// Removes every update that is still stale.
    pub fn remove_stale(&self) {
        for update in all(&self.list, ".update:not([data-rev])") {
            self.remove(&update);
        }
    }

    /// Returns the number of pending updates: those hidden above, and those not seen at the end.
    pub fn pending(&self) -> usize {
        self.pending_above.borrow().len() + self.pending_below.count()
    }

    /// Shows all hidden updates. None is pending afterwards.
    pub fn reveal(&self) {
        self.pending_below.clear();
        for node in self.pending_above.take() {
            // If it isn't hidden, nothing has to be done.
            let _ = node.remove_attribute("hidden");
        }
    }

    /// Returns whether times are in the reader's own zone.
    pub const fn shows_own_zone(&self) -> bool {
        self.own_zone.get()
    }

    /// Shows times in the reader's own zone or in the entry's, also those of later updates.
    pub fn show_times(&self, own: bool) {
        if self.own_zone.replace(own) != own {
            times::show(&self.list, own);
        }
    }

    /// Shows all pending updates, and moves the reader and the focus to the first of them: the
    /// list's top in latest-first order.
    pub fn go_to_pending(&self) {
        let below = self.pending_below.first();
        self.reveal();
        let first = if let Some(first) = below {
            first.scroll_into_view();
            Some(first)
        } else {
            self.list.scroll_into_view();
            let top = self.list.query_selector(".update").ok().flatten();
            top.and_then(|node| node.dyn_into().ok())
        };
        if let Some(first) = first {
            focus(&first);
        }
    }

    /// Returns whether an update may appear at the top without disturbing the reader.
    pub fn is_idle_at_top(&self) -> bool {
        self.position.is_idle_at_top()
    }

    /// Inserts or updates all cards of `page`. Returns how many are new.
    fn upsert_all(&self, page: &Element, hidden: bool) -> usize {
        all(page, ".update")
            .map(|card| usize::from(self.upsert(card, hidden)))
            .sum()
    }

    /// Inserts a card, or updates the node of the same update. Returns whether it is new.
    fn upsert(&self, card: Element, hidden: bool) -> bool {
        // Before the comparison: a time that is right already is not touched.
        times::show(&card, self.own_zone.get());
        let (_, id) = key(&card);
        if let Some(node) = card_node::find(id) {
            // A page from a cache may be older than what is shown.
            if number(&node, "data-rev") <= number(&card, "data-rev") {
                self.update(&node, &card);
            }
            return false;
        }
        self.insert(card, hidden);
        true
    }

    /// Sets `aria-busy` while the list is empty: a feed must contain articles (WAI-ARIA 1.2).
    fn update_busy(&self) {
        let busy = self.list.first_element_child().is_none();
        // Can't fail: the attribute's name is valid.
        let _ = self
            .list
            .set_attribute("aria-busy", if busy { "true" } else { "false" });
    }

    fn insert(&self, node: Element, hidden: bool) {
        // Can't fail: the names are valid.
        let _ = node.class_list().add_1("is-new");
        let _ = node.toggle_attribute_with_force("hidden", hidden);
        let order = self.order();
        insert_in_order(&self.list, order, &node);
        if hidden {
            self.pending_above.borrow_mut().push(node);
        } else if order == Order::Oldest
            && let Some(card) = node.dyn_ref()
        {
            self.pending_below.watch(card);
        }
    }

    fn remove(&self, node: &Element) {
        self.pending_above
            .borrow_mut()
            .retain(|pending| pending != node);
        self.pending_below.forget(node);
        remove_from_list(&self.list, node);
    }

    /// Gives `node` the content of `card`. The node keeps its place, unless the time it was posted
    /// has changed, which only a reset can do.
    fn update(&self, node: &Element, card: &Element) {
        morph_children(node, card);
        let moves = key(node) != key(card);
        for name in ["data-rev", "data-posted-at", "lang"] {
            let value = card.get_attribute(name).unwrap_or_default();
            // Can't fail: the attribute's name is valid.
            let _ = node.set_attribute(name, &value);
        }
        if moves {
            remove_from_list(&self.list, node);
            insert_in_order(&self.list, self.order(), node);
        }
    }
}

/// Moves the focus to an update without scrolling.
pub fn focus(update: &HtmlElement) {
    update.set_tab_index(-1);
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // An element that can't take the focus leaves it where it is.
    let _ = update.focus_with_options(&options);
}

/// Returns whether a card is labelled with the entry numbered `entry`.
fn is_from(card: &Element, entry: &str) -> bool {
    matches_inside(card, &["a[data-of=\"", entry, "\"]"].concat())
}

/// Returns whether `page` contains the same card.
fn contains(page: &Element, card: &Element) -> bool {
    matches_inside(page, &["#", &card.id()].concat())
}

fn matches_inside(root: &Element, selector: &str) -> bool {
    root.query_selector(selector).is_ok_and(|it| it.is_some())
}

/// Returns the elements in `root` that match `selector`.
pub fn all(root: &Element, selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = root.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length).filter_map(move |at| Some(found.as_ref()?.item(at)?.unchecked_into()))
}
