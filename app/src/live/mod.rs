//! The browser's half of a live page: it follows the page's feed and changes the page in place.
//! Compiled for wasm only. The island `LiveFeed` starts it.
//!
//! | module | contents |
//! | --- | --- |
//! | [`client`] | the client of a feed: carries out what `domain::Client` decides |
//! | [`live_view`] | what the client of a live page shows |
//! | [`page`] | the page: its list, its bar, and what all targets share |
//! | [`targets`] | what differs between an entry's page, `/live` and the front page |
//! | [`transport`] | streams, and the slots that a browser's pages share |
//! | [`fetch`], [`wire`] | requests with a deadline, and the feed's JSON |
//! | [`list_data`] | the parameters that the server wrote into the page |
//! | [`list`], [`placement`], [`morph`], [`card`], [`pending_below`] | the list's DOM |
//! | [`bar`], [`times`], [`announcer`] | the DOM around the list |
//! | [`browser_events`], [`reading_position`] | what the reader does |
//! | [`dom`], [`listener`] | helpers for attributes, queries, fields and events |

use crate::rooms;

mod announcer;
mod bar;
mod browser_events;
pub mod card;
mod client;
pub mod dom;
pub mod fetch;
mod list;
mod list_data;
pub mod listener;
mod live_view;
pub mod morph;
mod page;
mod pending_below;
mod placement;
mod reading_position;
mod targets;
pub mod times;
mod transport;
mod wire;

pub use {
    browser_events::follow_browser,
    client::{FeedClient, Freshness, Shown, View},
    wire::JsonValue,
};

/// Keeps the page up to date, for as long as the document lives. Without a list of updates or of
/// entries, it is the page of a room, or of its moderators.
pub fn start() {
    match live_view::start() {
        Some(client) => browser_events::listen(&client),
        None => rooms::open(None),
    }
}
