//! What a reader is told around the list: how the connection is, what waits to be seen, whose times
//! are shown.
//!
//! It is written into the page by hand. These are a handful of facts, each shown in one place; signals
//! would serve as well, and the first of them brings more code than all the rest of the live page
//! (docs/adr/0011).

use std::cell::{Cell, RefCell};

use domain::{ConnectionStatus, EntryState};
use leptos::prelude::document;
use web_sys::Element;

/// The bar's elements; [`LiveFeed`](super::live_feed_island::LiveFeed) renders them.
pub struct FeedBar {
    status: Element,
    arrivals: Element,
    zone: Element,
    news: Element,
    /// What the status tells; nothing as long as it is as the server, or the script that waited for this
    /// code, left it.
    shown: Cell<Option<ConnectionStatus>>,
    /// When the server was last heard, by the reader's clock; empty before it was.
    contact: RefCell<String>,
}

impl FeedBar {
    /// Where the connection is told.
    pub const STATUS: &str = "feed-status";
    /// The button that switches the order.
    pub const ORDER: &str = "feed-order";
    /// The button that shows what waits.
    pub const ARRIVALS: &str = "feed-arrivals";
    /// The button that switches the zone.
    pub const ZONE: &str = "feed-zone";
    /// What happened, for those who can't see it.
    pub const NEWS: &str = "feed-news";

    /// The bar of this page, if it has one.
    pub fn find() -> Option<Self> {
        let document = document();
        let find = |id| document.get_element_by_id(id);
        Some(Self {
            status: find(Self::STATUS)?,
            arrivals: find(Self::ARRIVALS)?,
            zone: find(Self::ZONE)?,
            news: find(Self::NEWS)?,
            shown: Cell::default(),
            contact: RefCell::default(),
        })
    }

    /// Tells how the connection is; and while the server isn't heard, since when.
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

    /// Notes that the server was heard, at `clock` by the reader's clock.
    pub fn note_contact(&self, clock: String) {
        let sentence = ["Last contact with the server at ", &clock].concat();
        write(&self.status, "title", &sentence);
        self.contact.replace(clock);
    }

    /// Tells how many arrivals wait to be seen.
    pub fn show_waiting(&self, count: usize) {
        if count > 0 {
            self.arrivals.set_text_content(Some(&new_updates(count)));
        }
        hide(&self.arrivals, count == 0);
    }

    /// Offers the times of `zone`, the entry's, in exchange for the reader's own, or the other way
    /// round; nothing if they are the same. Without a name, each update has a zone of its own.
    pub fn offer_zone(&self, zone: &str, shows_own: bool, same: bool) {
        let offer = if shows_own && zone.is_empty() {
            "Local times".to_owned()
        } else if shows_own {
            ["Times in ", &zone.replace('_', " ")].concat()
        } else {
            "Times in my zone".to_owned()
        };
        self.zone.set_text_content(Some(&offer));
        hide(&self.zone, same);
    }

    /// Tells those who can't see it that `count` updates arrived.
    pub fn announce(&self, count: usize) {
        self.news.set_text_content(Some(&new_updates(count)));
    }

    /// Tells those who can't see it that the entry has come to `state`.
    pub fn tell_state(&self, state: EntryState) {
        let sentence = match state {
            EntryState::Ended => "This live blog has ended.",
            _ => "This live blog is live.",
        };
        self.news.set_text_content(Some(sentence));
    }
}

/// What a page says of its connection.
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

/// As in `3 new updates`.
fn new_updates(count: usize) -> String {
    let rest = if count == 1 { "" } else { "s" };
    [count.to_string().as_str(), " new update", rest].concat()
}

fn hide(element: &Element, hidden: bool) {
    // A plain name is always taken.
    let _ = element.toggle_attribute_with_force("hidden", hidden);
}

fn write(element: &Element, name: &str, value: &str) {
    // A plain name is always taken.
    let _ = element.set_attribute(name, value);
}
