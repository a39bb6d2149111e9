//! The list of updates in the page, by key: an update is one node for as long as it is there.
//!
//! Nothing here touches what the reader reads: an arrival is inserted, an edit changes the inside of
//! its own node, a deletion removes its own node, and the toggle moves nodes without making new ones.
//! What a change costs doesn't depend on how long the list is.

use std::cell::{Cell, RefCell};

use domain::{Change, Order, Rev, Timestamp};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, NodeList};

use super::{
    below::Below,
    card_node::{self, key, number},
    morph::morph_children,
    placing::{move_before, put, take_out},
    reader_place::ReaderPlace,
    times,
};

/// What a live page shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// An entry and its updates.
    Entry,
    /// The updates of all live entries.
    AllUpdates,
    /// All entries, a line of each.
    Entries,
}

/// The front page's list.
const ENTRIES: &str = "live-entries";

/// The list.
pub struct FeedList {
    list: HtmlElement,
    place: ReaderPlace,
    /// The arrivals that are hidden until the reader asks for them.
    held: RefCell<Vec<Element>>,
    /// The arrivals at the list's end that the reader hasn't come to.
    below: Below,
    own_zone: Cell<bool>,
}

impl FeedList {
    /// The list of this page, if it has one: of updates, or on the front page of entries. `tell` is told how
    /// many arrivals the reader hasn't come to, whenever that changes by itself.
    pub fn find(tell: impl Fn(usize) + 'static) -> Option<Self> {
        let find = |id| document().get_element_by_id(id);
        let list = find("live-updates").or_else(|| find(ENTRIES))?;
        let list: HtmlElement = list.dyn_into().ok()?;
        Some(Self {
            place: ReaderPlace::watch(list.clone()),
            list,
            held: RefCell::default(),
            below: Below::new(tell),
            own_zone: Cell::new(false),
        })
    }

    /// The list itself.
    pub const fn element(&self) -> &HtmlElement {
        &self.list
    }

    /// What the page shows.
    pub fn shows(&self) -> Shows {
        if self.list.id() == ENTRIES {
            Shows::Entries
        } else if self.data("entryId") == "all" {
            Shows::AllUpdates
        } else {
            Shows::Entry
        }
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
        let stretches = self.list.children();
        let stretches: Vec<_> = (0..stretches.length())
            .filter_map(|at| stretches.item(at))
            .collect();
        for stretch in stretches.into_iter().rev() {
            let updates = stretch.children();
            // The collection is live: what is moved to the end is behind those that are yet to go.
            for at in (0..updates.length()).rev() {
                if let Some(update) = updates.item(at) {
                    move_before(&stretch, &update, None);
                }
            }
            move_before(&self.list, &stretch, None);
        }
        self.set_data("order", self.order().flipped().as_str());
    }

    /// Applies `changes`; with `hold`, arrivals stay hidden. Answers how many arrived.
    pub fn apply(&self, changes: &[Change], hold: bool) -> usize {
        let mut arrived = 0;
        for change in changes {
            match change {
                Change::Deleted(gone) => {
                    if let Some(node) = card_node::find(gone.id) {
                        self.remove(&node);
                    }
                }
                Change::Upserted(shown) => {
                    if let Some(fresh) = card_node::parse(&shown.html) {
                        arrived += usize::from(self.take_in(fresh, hold));
                    }
                }
            }
        }
        self.note_emptiness();
        arrived
    }

    /// Makes the list hold the cards that `page` holds, and no others; with `hold`, arrivals stay hidden.
    /// Answers how many arrived.
    pub fn replace_with(&self, page: &Element, hold: bool) -> usize {
        self.doubt();
        let arrived = self.take_in_all(page, hold);
        self.remove_stale();
        self.note_emptiness();
        arrived
    }

    /// The same, of a page that tells of the feed that this list follows, up to `rev`: what it has no room for
    /// stays, and so does what it doesn't know yet.
    pub fn merge(&self, page: &Element, rev: Rev, hold: bool) -> usize {
        let live = page.get_attribute("data-live").unwrap_or_default();
        let oldest = Timestamp(number(page, "data-oldest"));
        for card in all(&self.list, ".update") {
            let is_over = !live.split(' ').any(|of| is_from(&card, of));
            let is_told_of = key(&card).0 >= oldest && number(&card, "data-rev") <= rev;
            if is_over || (is_told_of && !holds(page, &card)) {
                self.remove(&card);
            }
        }
        let arrived = self.take_in_all(page, hold);
        self.note_emptiness();
        arrived
    }

    /// After a reset nothing is certain: every update loses its revision, until a change gives it one.
    pub fn doubt(&self) {
        for update in all(&self.list, ".update") {
            // A plain name is always taken.
            let _ = update.remove_attribute("data-rev");
        }
    }

    /// Removes every update that no change has spoken of since.
    pub fn remove_stale(&self) {
        for update in all(&self.list, ".update:not([data-rev])") {
            self.remove(&update);
        }
    }

    /// How many arrivals wait to be seen: hidden above, or at the list's end.
    pub fn waiting(&self) -> usize {
        self.held.borrow().len() + self.below.count()
    }

    /// Shows every arrival that is hidden; none waits any more.
    pub fn reveal(&self) {
        self.below.clear();
        for node in self.held.take() {
            // Where it isn't, nothing has to be done.
            let _ = node.remove_attribute("hidden");
        }
    }

    /// Whether times are in the reader's own zone.
    pub const fn shows_own_zone(&self) -> bool {
        self.own_zone.get()
    }

    /// Shows times in the reader's own zone, or in the entry's; those of arrivals, too.
    pub fn show_times(&self, own: bool) {
        if self.own_zone.replace(own) != own {
            times::show(&self.list, own);
        }
    }

    /// Shows every arrival that waits, and takes the reader to the first of them, keyboard and all: in
    /// latest-first order that is the list's top.
    pub fn go_to_arrivals(&self) {
        let below = self.below.first();
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

    /// Whether something may appear at the top without disturbing anybody.
    pub fn is_undisturbed(&self) -> bool {
        self.place.is_undisturbed()
    }

    /// Shows the cards of a page; answers how many are arrivals.
    fn take_in_all(&self, page: &Element, hold: bool) -> usize {
        all(page, ".update")
            .map(|fresh| usize::from(self.take_in(fresh, hold)))
            .sum()
    }

    /// Shows a card, in its own node if it has one; answers whether it is an arrival.
    fn take_in(&self, fresh: Element, hold: bool) -> bool {
        // Before it is compared: a time that says so already is left alone.
        times::show(&fresh, self.own_zone.get());
        let (_, id) = key(&fresh);
        if let Some(node) = card_node::find(id) {
            // A page out of a cache may be behind what is shown.
            if number(&node, "data-rev") <= number(&fresh, "data-rev") {
                self.rewrite(&node, &fresh);
            }
            return false;
        }
        self.insert(fresh, hold);
        true
    }

    /// A feed without articles is one that isn't there yet.
    fn note_emptiness(&self) {
        let busy = self.list.first_element_child().is_none();
        // A plain name is always taken.
        let _ = self
            .list
            .set_attribute("aria-busy", if busy { "true" } else { "false" });
    }

    fn insert(&self, node: Element, hold: bool) {
        // Plain names are always taken.
        let _ = node.class_list().add_1("is-new");
        let _ = node.toggle_attribute_with_force("hidden", hold);
        let order = self.order();
        put(&self.list, order, &node);
        if hold {
            self.held.borrow_mut().push(node);
        } else if order == Order::Oldest
            && let Some(card) = node.dyn_ref()
        {
            self.below.watch(card);
        }
    }

    fn remove(&self, node: &Element) {
        self.held.borrow_mut().retain(|held| held != node);
        self.below.forget(node);
        take_out(&self.list, node);
    }

    /// Makes a node say what another card says; the node itself stays, and so does its place unless the
    /// time it was posted changed, as after a reset.
    fn rewrite(&self, node: &Element, fresh: &Element) {
        morph_children(node, fresh);
        let moves = key(node) != key(fresh);
        for name in ["data-rev", "data-posted-at", "lang"] {
            let value = fresh.get_attribute(name).unwrap_or_default();
            // A plain name is always taken.
            let _ = node.set_attribute(name, &value);
        }
        if moves {
            take_out(&self.list, node);
            put(&self.list, self.order(), node);
        }
    }
}

/// Puts the focus on an update, and leaves the page where it is.
pub fn focus(update: &HtmlElement) {
    update.set_tab_index(-1);
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // What can't take the focus leaves it where it is.
    let _ = update.focus_with_options(&options);
}

/// Whether a card says that it is from the entry numbered `of`.
fn is_from(card: &Element, of: &str) -> bool {
    find_in(card, &["a[data-of=\"", of, "\"]"].concat())
}

/// Whether a card is in `page`, too.
fn holds(page: &Element, card: &Element) -> bool {
    find_in(page, &["#", &card.id()].concat())
}

fn find_in(root: &Element, selector: &str) -> bool {
    root.query_selector(selector).is_ok_and(|it| it.is_some())
}

/// What `selector` finds in `root`.
pub fn all(root: &Element, selector: &str) -> impl Iterator<Item = Element> + use<> {
    let found = root.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length).filter_map(move |at| Some(found.as_ref()?.item(at)?.unchecked_into()))
}
