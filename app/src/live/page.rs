//! A live page: its list, the bar above it, and what every target does with them.

use std::{cell::RefCell, rc::Rc};

use domain::{Change, Order};
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    announcer::Announcer,
    bar::FeedBar,
    dom::by_id,
    list::{FeedList, focus},
    list_data::ListData,
    times,
};
use crate::local_storage;

/// A live page.
pub struct Page {
    /// The list of updates, or of entries.
    pub list: FeedList,
    /// The bar above the list.
    pub bar: Rc<FeedBar>,
    announcer: Announcer,
    /// The entry's time zone; empty on a page of all entries.
    zone: RefCell<String>,
}

impl Page {
    /// Returns the page that is in the document; `None` without `bar`.
    pub fn new(list: HtmlElement, bar: FeedBar, data: &ListData) -> Self {
        let bar = Rc::new(bar);
        let counter = Rc::clone(&bar);
        Self {
            list: FeedList::new(list, data.order, move |count| counter.show_pending(count)),
            announcer: Announcer::new(Rc::clone(&bar)),
            bar,
            zone: RefCell::new(data.zone.clone()),
        }
    }

    /// Applies changes to the list. The cost depends on the changes, and not on the list's length.
    pub fn show_updates(&self, changes: &[Change]) {
        self.insert_updates(|hidden| self.list.apply(changes, hidden));
    }

    /// Calls `insert` to put new updates into the list; it returns how many there are. Updates
    /// below the reader are shown immediately, and the list counts those out of view. Those above
    /// the reader are hidden if they would disturb the reader: in oldest-first order, late ones.
    pub fn insert_updates(&self, insert: impl FnOnce(bool) -> usize) {
        let above = self.list.order() == Order::Latest;
        let hidden = above && !self.list.is_idle_at_top();
        let had_hidden = self.list.has_hidden();
        let count = insert(hidden);
        self.announcer.announce_later(count);
        if above && !hidden {
            self.list.reveal();
        }
        // Otherwise the list reports the count, once it knows what is in view.
        if above || had_hidden || self.list.has_hidden() {
            self.show_pending();
        }
    }

    /// Shows all pending updates.
    pub fn reveal(&self) {
        self.list.reveal();
        self.show_pending();
    }

    /// Shows the number of pending updates.
    fn show_pending(&self) {
        self.bar.show_pending(self.list.pending());
    }

    /// Reverses the list's order, and stores the choice.
    pub fn flip(&self) {
        self.reveal();
        self.list.flip();
        local_storage::set(local_storage::ORDER, self.list.order().as_str());
    }

    /// Shows the list's times in the reader's own zone or in the entry's, and labels the button
    /// that switches between them.
    pub fn show_zone(&self, own: bool) {
        let zone = self.zone.borrow();
        let same = times::own_zone().as_ref() == Some(&*zone);
        self.list.show_times(own);
        self.bar.show_zone_button(&zone, own, same);
    }

    /// Sets the entry's time zone.
    pub fn set_zone(&self, zone: &str) {
        if *self.zone.borrow() != zone {
            self.zone.replace(zone.to_owned());
            self.show_zone(self.list.shows_own_zone());
        }
    }

    /// Moves the reader and the focus to the first pending update, and shows the hidden ones.
    pub fn go_to_pending(&self) {
        self.list.go_to_pending();
        self.show_pending();
    }

    /// Prepares the update with the id `fragment` as the target of a link: makes it focusable, and
    /// shows the pending updates if it is one of them. Returns the update, and whether it was
    /// hidden.
    pub fn reveal_linked(&self, fragment: &str) -> Option<(HtmlElement, bool)> {
        let update: HtmlElement = by_id(fragment)?.dyn_into().ok()?;
        if !update.class_list().contains("update") {
            return None;
        }
        update.set_tab_index(-1);
        let hidden = update.has_attribute("hidden");
        if hidden {
            self.reveal();
        }
        Some((update, hidden))
    }

    /// Moves the focus to the update that the address's fragment names.
    pub fn go_to_linked(&self) {
        let hash = window().location().hash().unwrap_or_default();
        let fragment = hash.strip_prefix('#').unwrap_or_default();
        if let Some((update, hidden)) = self.reveal_linked(fragment) {
            if hidden {
                update.scroll_into_view();
            }
            focus(&update);
        }
    }
}

/// Returns whether the page is visible.
pub fn is_visible() -> bool {
    !document().hidden()
}
