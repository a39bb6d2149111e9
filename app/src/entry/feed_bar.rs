//! The bar above the list: the connection status, the number of pending updates, and the buttons
//! for the order and the time zone.
//!
//! The bar is written with DOM calls. It shows a handful of facts, each in one place. Signals would
//! work as well, but the first signal adds more code than the rest of the client has
//! (docs/adr/0011).

use std::cell::{Cell, RefCell};

use domain::{ConnectionStatus, EntryState};
use leptos::prelude::document;
use web_sys::Element;

/// The bar's elements, which [`LiveFeed`](super::live_feed_island::LiveFeed) renders.
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
    /// The id of the connection status.
    pub const STATUS: &str = "feed-status";
    /// The id of the button that reverses the order.
    pub const ORDER: &str = "feed-order";
    /// The id of the button that shows pending updates.
    pub const PENDING: &str = "feed-pending";
    /// The id of the button that switches the time zone.
    pub const ZONE: &str = "feed-zone";
    /// The id of the live region for screen readers.
    pub const ANNOUNCEMENTS: &str = "feed-announcements";

    /// Returns the bar of this page, if it has one.
    pub fn find() -> Option<Self> {
        let document = document();
        let find = |id| document.get_element_by_id(id);
        Some(Self {
            status: find(Self::STATUS)?,
            pending: find(Self::PENDING)?,
            zone: find(Self::ZONE)?,
            announcements: find(Self::ANNOUNCEMENTS)?,
            shown: Cell::default(),
            contact: RefCell::default(),
        })
    }

    /// Shows the connection status, and while the connection is lost the time of the last contact.
    pub fn show_status(&self, status: ConnectionStatus) {
        if self.shown.replace(Some(status)) == Some(status) {
            return;
        }
        write(&self.status, "data-status", status.as_str());
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
        write(&self.status, "title", &sentence);
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

/// Returns the text that pages show for a connection status.
pub const fn status_text(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Connecting => "Connecting…",
        ConnectionStatus::Live => "Updates arrive automatically",
        ConnectionStatus::Polling => "Checking every few seconds",
        ConnectionStatus::Reconnecting => "Reconnecting…",
        ConnectionStatus::Offline => "Offline",
        ConnectionStatus::Ended => "Ended",
    }
}

/// Returns, for example, `3 new updates`.
fn new_updates(count: usize) -> String {
    let rest = if count == 1 { "" } else { "s" };
    [count.to_string().as_str(), " new update", rest].concat()
}

fn hide(element: &Element, hidden: bool) {
    // Can't fail: the attribute's name is valid.
    let _ = element.toggle_attribute_with_force("hidden", hidden);
}

fn write(element: &Element, name: &str, value: &str) {
    // Can't fail: the attribute's name is valid.
    let _ = element.set_attribute(name, value);
}
