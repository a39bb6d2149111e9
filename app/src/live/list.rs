//! The list of updates in the page. An update keeps its DOM node for as long as it exists.
//!
//! Nothing here disturbs the reader: a new update is inserted, an edit changes the inside of its
//! own node, a deletion removes its own node, and reversing the order moves nodes instead of
//! creating them. The cost of a change does not depend on the length of the list.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{Change, Order, Rev, Timestamp, UpdateId};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use super::{
    card::{self, key},
    dom::{all, hide, number, remove, set, text},
    list_data::Bounds,
    morph::morph_children,
    pending_below::PendingBelow,
    placement::{insert_in_order, move_before, newest_key, remove_from_list},
    reading_position::{ReadingPosition, view_height},
    times,
};

/// The list of a live page.
pub struct FeedList {
    list: HtmlElement,
    order: Rc<Cell<Order>>,
    position: ReadingPosition,
    /// The pending updates above the reader, hidden until the reader shows them.
    pending_above: Rc<RefCell<Vec<Pending>>>,
    /// The pending updates below the reader's view, which the reader has not scrolled to yet.
    pending_below: PendingBelow,
    own_zone: Cell<bool>,
}

/// A pending update above the reader.
struct Pending {
    node: HtmlElement,
    /// Whether it was published after newer updates, so that it is somewhere in the list.
    is_late: bool,
}

/// How new updates are inserted.
#[derive(Clone, Copy)]
struct Insertion {
    /// Whether they stay hidden, unless they are below the reader's view.
    hidden: bool,
    /// The newest update of the list before. Older ones are late.
    newest: Option<(Timestamp, UpdateId)>,
}

impl FeedList {
    /// Creates the list of updates or entries in `list`, which is in `order`. Calls `on_pending`
    /// with the number of pending updates when the reader scrolls to one.
    pub fn new(list: HtmlElement, order: Order, on_pending: impl Fn(usize) + 'static) -> Self {
        let order = Rc::new(Cell::new(order));
        let pending_above: Rc<RefCell<Vec<Pending>>> = Rc::default();
        let above = Rc::clone(&pending_above);
        let on_below = move |below| on_pending(above.borrow().len() + below);
        Self {
            position: ReadingPosition::watch(list.clone()),
            list,
            pending_below: PendingBelow::new(Rc::clone(&order), on_below),
            order,
            pending_above,
            own_zone: Cell::new(false),
        }
    }

    /// Returns the list's element.
    pub const fn element(&self) -> &HtmlElement {
        &self.list
    }

    /// Returns the list's order.
    pub fn order(&self) -> Order {
        self.order.get()
    }

    /// Reverses the list's order.
    pub fn flip(&self) {
        self.pending_below.clear();
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
        self.order.set(self.order().flipped());
        set(&self.list, "data-order", self.order().as_str());
    }

    /// Applies `changes`. With `hidden`, new updates above the reader's view or in it stay hidden.
    /// Returns how many are new.
    pub fn apply(&self, changes: &[Change], hidden: bool) -> usize {
        let insertion = self.insertion(hidden);
        let mut count = 0;
        for change in changes {
            match change {
                Change::Deleted(deleted) => {
                    if let Some(node) = card::find(deleted.id) {
                        self.remove(&node);
                    }
                }
                Change::Upserted(upserted) => {
                    if let Some(card) = card::parse(&upserted.html) {
                        count += usize::from(self.upsert(card, insertion));
                    }
                }
            }
        }
        self.update_busy();
        count
    }

    /// Makes the list contain exactly the cards of `page`. `hidden` as in [`FeedList::apply`].
    /// Returns how many are new.
    pub fn replace_with(&self, page: &Element, hidden: bool) -> usize {
        self.mark_stale();
        let count = self.upsert_all(page, hidden);
        self.remove_stale();
        self.update_busy();
        count
    }

    /// Merges `page`, which is of the same feed and epoch, is complete up to `rev`, and shows what
    /// is in `bounds`. An update that is too old for the page, or newer than the page, stays in the
    /// list. Returns how many updates are new.
    pub fn merge(&self, page: &Element, rev: Rev, bounds: &Bounds, hidden: bool) -> usize {
        for card in all(&self.list, ".update") {
            let has_ended = !bounds.live().any(|entry| is_from(&card, entry));
            let is_covered = key(&card).0 >= bounds.oldest && number(&card, "data-rev") <= rev;
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
            remove(&update, "data-rev");
        }
    }

    /// Removes every update that is still stale.
    pub fn remove_stale(&self) {
        for update in all(&self.list, ".update:not([data-rev])") {
            self.remove(&update);
        }
    }

    /// Returns the number of pending updates: those hidden above, and those not seen below.
    pub fn pending(&self) -> usize {
        self.pending_above.borrow().len() + self.pending_below.count()
    }

    /// Returns whether updates are hidden above the reader.
    pub fn has_hidden(&self) -> bool {
        !self.pending_above.borrow().is_empty()
    }

    /// Shows all hidden updates. A late one may be far below the first, so it is pending until it
    /// has been in view.
    pub fn reveal(&self) {
        for Pending { node, is_late } in self.pending_above.take() {
            hide(&node, false);
            if is_late {
                self.pending_below.watch(&node);
            }
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

    /// Shows all hidden updates, and moves the reader and the focus to the first pending update, in
    /// the order of the list. The updates after it, at the list's end or at its top, are no longer
    /// pending.
    pub fn go_to_pending(&self) {
        let mut pending = self.pending_below.all();
        pending.extend(self.pending_above.borrow().iter().map(|it| it.node.clone()));
        let pending = pending.into_iter();
        let first = match self.order() {
            Order::Oldest => pending.min_by_key(|update| key(update)),
            Order::Latest => pending.max_by_key(|update| key(update)),
        };
        let Some(first) = first else {
            return;
        };
        let was_hidden = first.has_attribute("hidden");
        self.reveal();
        if self.order() == Order::Oldest && !was_hidden {
            self.pending_below.clear();
        } else {
            self.pending_below.forget(&first);
        }
        first.scroll_into_view();
        focus(&first);
    }

    /// Returns whether an update may appear at the top without disturbing the reader.
    pub fn is_idle_at_top(&self) -> bool {
        self.position.is_idle_at_top()
    }

    /// Inserts or updates all cards of `page`. Returns how many are new.
    fn upsert_all(&self, page: &Element, hidden: bool) -> usize {
        let insertion = self.insertion(hidden);
        all(page, ".update")
            .map(|card| usize::from(self.upsert(card, insertion)))
            .sum()
    }

    /// Inserts a card, or updates the node of the same update. Returns whether it is new.
    fn upsert(&self, card: Element, insertion: Insertion) -> bool {
        // Before the comparison: a time that is right already is not touched.
        times::show(&card, self.own_zone.get());
        let (_, id) = key(&card);
        if let Some(node) = card::find(id) {
            // A page from a cache may be older than what is shown.
            if number(&node, "data-rev") <= number(&card, "data-rev") {
                self.update(&node, &card);
            }
            return false;
        }
        self.insert(card, insertion);
        true
    }

    /// Sets `aria-busy` while the list is empty: a feed must contain articles (WAI-ARIA 1.2).
    fn update_busy(&self) {
        let busy = self.list.first_element_child().is_none();
        set(&self.list, "aria-busy", if busy { "true" } else { "false" });
    }

    fn insertion(&self, hidden: bool) -> Insertion {
        // After a reset, old updates may be new in the page.
        let is_stale = matches_inside(&self.list, ".update:not([data-rev])");
        Insertion {
            hidden,
            newest: newest_key(&self.list, self.order()).filter(|_| !is_stale),
        }
    }

    fn insert(&self, node: Element, insertion: Insertion) {
        // Can't fail: the name is valid.
        let _ = node.class_list().add_1("is-new");
        let order = self.order();
        insert_in_order(&self.list, order, &node);
        let Ok(node) = node.dyn_into::<HtmlElement>() else {
            return;
        };
        let is_late = insertion.newest > Some(key(&node));
        let (mut hidden, mut is_below) = (insertion.hidden, order == Order::Oldest);
        if is_late {
            // The browser paints only later, so the reader never sees it at this place.
            let top = node.get_bounding_client_rect().top();
            is_below = top >= view_height();
            hidden = !is_below && (hidden || top < 0.0);
        }
        hide(&node, hidden);
        if hidden {
            let pending = Pending { node, is_late };
            self.pending_above.borrow_mut().push(pending);
        } else if is_below {
            self.pending_below.watch(&node);
        }
    }

    fn remove(&self, node: &Element) {
        self.pending_above
            .borrow_mut()
            .retain(|pending| !pending.node.is_same_node(Some(node)));
        self.pending_below.forget(node);
        remove_from_list(&self.list, node);
    }

    /// Gives `node` the content of `card`. The node keeps its place, unless the time it was posted
    /// has changed, which only a reset can do.
    fn update(&self, node: &Element, card: &Element) {
        morph_children(node, card);
        let moves = key(node) != key(card);
        for name in ["data-rev", "data-posted-at", "lang"] {
            set(node, name, &text(card, name));
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

#[cfg(test)]
mod tests;
