//! How a live page shows changes, by its kind.

use std::rc::Rc;

use domain::{Change, EntryChange, EntryState, Order, Timestamp};

use super::{
    card_node::number,
    entry_top,
    feed_list::{PageKind, all},
    live_client::LiveClient,
};
use crate::front::{labelled_cards::label_live_cards, summary_list::show_entry_summary};

impl LiveClient {
    /// Shows changes of updates and of entries.
    pub(super) fn show_changes(self: &Rc<Self>, changes: Vec<Change>, entries: &[EntryChange]) {
        match self.kind {
            PageKind::Entry => self.show_updates(&changes),
            PageKind::LiveNow => {
                if changes.iter().any(|it| matches!(it, Change::Deleted(_))) {
                    self.require_cursor();
                }
                let oldest = Timestamp(number(self.list.element(), "data-oldest"));
                self.show_updates(&label_live_cards(changes, entries, oldest));
            }
            PageKind::Front => {}
        }
        for entry in entries {
            match self.kind {
                PageKind::Entry => self.show_entry(entry),
                PageKind::LiveNow => self.show_entry_label(entry),
                PageKind::Front => show_entry_summary(entry, self.list.shows_own_zone()),
            }
        }
    }

    /// Applies changes to the list. The cost depends on the changes, and not on the list's length.
    fn show_updates(&self, changes: &[Change]) {
        self.insert_updates(|hidden| self.list.apply(changes, hidden));
    }

    /// Calls `insert` to put new updates into the list; it returns how many there are. Updates
    /// below the reader are shown immediately, and the list counts those out of view. Updates above
    /// the reader are hidden if they would disturb the reader.
    pub(super) fn insert_updates(&self, insert: impl FnOnce(bool) -> usize) {
        let above = self.list.order() == Order::Latest;
        let hidden = above && !self.list.is_idle_at_top();
        let count = insert(hidden);
        self.announcer.announce_later(count);
        if hidden {
            self.bar.show_pending(self.list.pending());
        } else if above {
            self.reveal();
        }
    }

    /// Shows a change of the entry itself.
    fn show_entry(&self, entry: &EntryChange) {
        if self.list.data("state") != entry.state.as_str() {
            self.list.set_data("state", entry.state.as_str());
            self.bar.announce_state(entry.state);
        }
        let own = self.list.shows_own_zone();
        entry_top::show_entry(entry, own);
        if self.list.data("zone") != entry.time_zone {
            self.list.set_data("zone", &entry.time_zone);
            self.show_zone(own);
        }
    }

    /// Shows an entry's title on its cards. Refreshes the page if the set of live entries changed,
    /// because other cards belong on the page then.
    fn show_entry_label(self: &Rc<Self>, entry: &EntryChange) {
        let id = entry.id.to_string();
        let of_entry = ["a[data-of=\"", &id, "\"]"].concat();
        for label in all(self.list.element(), &of_entry) {
            if label.text_content().as_ref() != Some(&entry.title) {
                self.require_cursor();
                label.set_text_content(Some(&entry.title));
            }
        }
        let was_live = self.list.data("live").split(' ').any(|live| live == id);
        if was_live != (entry.state == EntryState::Live) {
            self.refresh();
        }
    }
}
