//! The bar above the list: the connection status, the number of pending updates, and the buttons
//! for the order and the time zone.
//!
//! The bar is written with DOM calls. It shows a handful of facts, each in one place. Signals would
//! work as well, but the first signal adds more code than the rest of the client has
//! (docs/adr/0011).

use std::cell::{Cell, RefCell};

use domain::{ConnectionStatus, EntryState};
use web_sys::Element;

use super::dom::{by_id, hide, set};
use crate::entry::{bar_ids, labels::status_text};

/// The bar's elements, which `FeedBar` renders.
pub struct FeedBar {
    status: Element,
    pending: Element,
    zone: Element,
    announcements: Element,
    /// The status shown by this code; `None` while it is the one that the server, or the script
    /// that waited for this code, wrote.
    shown: Cell<Option<ConnectionStatus>>,
    /// The time of the last contact with the server, by the reader's clock; empty before the first.
    contact: RefCell<String>,
}

impl FeedBar {
    /// Returns the bar of this page, if it has one.
    pub fn find() -> Option<Self> {
        Some(Self {
            status: by_id(bar_ids::STATUS)?,
            pending: by_id(bar_ids::PENDING)?,
            zone: by_id(bar_ids::ZONE)?,
            announcements: by_id(bar_ids::ANNOUNCEMENTS)?,
            shown: Cell::default(),
            contact: RefCell::default(),
        })
    }

    /// Shows the connection status, and while the connection is lost the time of the last contact.
    pub fn show_status(&self, status: ConnectionStatus) {
        if self.shown.replace(Some(status)) == Some(status) {
            return;
        }
        set(&self.status, "data-status", status.as_str());
        let contact = self.contact.borrow();
        let lost = matches!(
            status,
            ConnectionStatus::Reconnecting | ConnectionStatus::Offline
        ) && !contact.is_empty();
        let text = if lost {
            &[status_text(status), " · last contact ", &contact].concat()
        } else {
            status_text(status)
        };
        self.status.set_text_content(Some(text));
    }

    /// Records a contact with the server, at `clock` by the reader's clock.
    pub fn note_contact(&self, clock: String) {
        let sentence = ["Last contact with the server at ", &clock].concat();
        set(&self.status, "title", &sentence);
        self.contact.replace(clock);
    }

    /// Shows the number of pending updates, or hides the button if there are none.
    pub fn show_pending(&self, count: usize) {
        if count > 0 {
            self.pending.set_text_content(Some(&new_updates(count)));
        }
        hide(&self.pending, count == 0);
    }

    /// Shows the button that switches between times in `zone`, the entry's, and in the reader's own
    /// zone; hides it if both are the same. `zone` is empty where each update has its own.
    pub fn show_zone_button(&self, zone: &str, shows_own: bool, same: bool) {
        let label = if shows_own && zone.is_empty() {
            "Local times".to_owned()
        } else if shows_own {
            ["Times in ", &zone.replace('_', " ")].concat()
        } else {
            "Times in my zone".to_owned()
        };
        self.zone.set_text_content(Some(&label));
        hide(&self.zone, same);
    }

    /// Announces `count` new updates to screen readers.
    pub fn announce(&self, count: usize) {
        self.announcements
            .set_text_content(Some(&new_updates(count)));
    }

    /// Announces the entry's new state to screen readers.
    pub fn announce_state(&self, state: EntryState) {
        let sentence = match state {
            EntryState::Ended => "This live blog has ended.",
            _ => "This live blog is live.",
        };
        self.announcements.set_text_content(Some(sentence));
    }
}

/// Returns, for example, `3 new updates`.
fn new_updates(count: usize) -> String {
    let rest = if count == 1 { "" } else { "s" };
    [count.to_string().as_str(), " new update", rest].concat()
}
