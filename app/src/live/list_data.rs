//! What the server writes into the `data-` attributes of a page's list. Read once when the page
//! becomes live: props of an island would be JSON, and would need a parser.

use domain::{Cursor, EntryState, Order, Timestamp};
use web_sys::Element;

use super::dom::{number, text};

/// The parameters of a live page.
pub struct ListData {
    /// The id of the page's feed. Text, because the browser's code only passes it on.
    pub feed: String,
    /// The cursor at which the page was rendered.
    pub cursor: Cursor,
    /// The entry's state; `None` on pages of all entries.
    pub state: Option<EntryState>,
    /// The list's order. The reader's own choice has been applied before.
    pub order: Order,
    /// The entry's time zone; empty on pages of all entries.
    pub zone: String,
}

impl ListData {
    /// Reads the attributes of `list`. Returns `None` if it is no live list.
    pub fn read(list: &Element) -> Option<Self> {
        Some(Self {
            feed: list.get_attribute("data-entry-id")?,
            cursor: Cursor::read(&text(list, "data-cursor"))?,
            state: EntryState::new(&text(list, "data-state")),
            order: Order::new(&text(list, "data-order")).unwrap_or(Order::Oldest),
            zone: text(list, "data-zone"),
        })
    }
}

/// Returns whether a feed is that of one entry.
pub fn is_of_entry(feed: &str) -> bool {
    feed != "all"
}

/// Which updates the list of `/live` shows.
pub struct Bounds {
    /// The ids of the live entries, separated by spaces.
    live: String,
    /// The time of the oldest update that may be shown; zero if all updates are.
    pub oldest: Timestamp,
}

impl Bounds {
    /// Reads the attributes of a list.
    pub fn read(list: &Element) -> Self {
        Self {
            live: text(list, "data-live"),
            oldest: Timestamp(number(list, "data-oldest")),
        }
    }

    /// Returns the ids of the live entries.
    pub fn live(&self) -> impl Iterator<Item = &str> {
        self.live.split(' ')
    }
}
