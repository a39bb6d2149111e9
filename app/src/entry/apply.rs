//! What a live page does with what is news to it, by what it shows.

use std::rc::Rc;

use domain::{Change, EntryChange, EntryState, Order, Timestamp};

use super::{
    card_node::number,
    entry_top,
    feed_list::{Shows, all},
    live_page::LivePage,
};
use crate::front::{live_cards::of_live_entries, summary_list::show_line};

impl LivePage {
    /// Shows what is news.
    pub(super) fn show(self: &Rc<Self>, changes: Vec<Change>, entries: &[EntryChange]) {
        match self.shows {
            Shows::Entry => self.show_updates(&changes),
            Shows::AllUpdates => {
                if changes.iter().any(|it| matches!(it, Change::Deleted(_))) {
                    self.require_revision();
                }
                let oldest = Timestamp(number(self.list.element(), "data-oldest"));
                self.show_updates(&of_live_entries(changes, entries, oldest));
            }
            Shows::Entries => {}
        }
        for entry in entries {
            match self.shows {
                Shows::Entry => self.show_entry(entry),
                Shows::AllUpdates => self.show_name(entry),
                Shows::Entries => show_line(entry, self.list.shows_own_zone()),
            }
        }
    }

    /// Puts changes into the list: arrivals below what is read at once (those out of view are counted by
    /// the list), above it only if nobody is disturbed. What it costs depends on the changes, and not on how long the list is.
    fn show_updates(&self, changes: &[Change]) {
        self.hold_or_show(|hold| self.list.apply(changes, hold));
    }

    /// Has `show` put arrivals into the list, hidden if it must be; it answers how many there are.
    pub(super) fn hold_or_show(&self, show: impl FnOnce(bool) -> usize) {
        let above = self.list.order() == Order::Latest;
        let hold = above && !self.list.is_undisturbed();
        let arrived = show(hold);
        self.announcer.arrived(arrived);
        if hold {
            self.bar.show_waiting(self.list.waiting());
        } else if above {
            self.reveal();
        }
    }

    /// Shows what changed of the entry itself.
    fn show_entry(&self, entry: &EntryChange) {
        if self.list.data("state") != entry.state.as_str() {
            self.list.set_data("state", entry.state.as_str());
            self.bar.tell_state(entry.state);
        }
        let own = self.list.shows_own_zone();
        entry_top::show_entry(entry, own);
        if self.list.data("zone") != entry.time_zone {
            self.list.set_data("zone", &entry.time_zone);
            self.show_zone(own);
        }
    }

    /// Shows what an entry is called on the cards that are from it. Once another set of entries is live, other
    /// cards are due.
    fn show_name(self: &Rc<Self>, entry: &EntryChange) {
        let id = entry.id.to_string();
        let of_entry = ["a[data-of=\"", &id, "\"]"].concat();
        for name in all(self.list.element(), &of_entry) {
            if name.text_content().as_ref() != Some(&entry.title) {
                self.require_revision();
                name.set_text_content(Some(&entry.title));
            }
        }
        let was_live = self.list.data("live").split(' ').any(|live| live == id);
        if was_live != (entry.state == EntryState::Live) {
            self.renew();
        }
    }
}
