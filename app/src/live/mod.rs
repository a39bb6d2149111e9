//! The browser's half of a live page: it follows the page's feed and changes the page in place.
//! Compiled for wasm only. The island `LiveFeed` starts it.
//!
//! | module | contents |
//! | --- | --- |
//! | [`client`] | the client: carries out what `domain::Client` decides |
//! | [`page`] | the page: its list, its bar, and what all targets share |
//! | [`targets`] | what differs between an entry's page, `/live` and the front page |
//! | [`transport`] | streams, and the slots that a browser's pages share |
//! | [`fetch`], [`wire`] | requests with a deadline, and the feed's JSON |
//! | [`list_data`] | the parameters that the server wrote into the page |
//! | [`list`], [`placement`], [`morph`], [`card`], [`pending_below`] | the list's DOM |
//! | [`bar`], [`times`], [`announcer`] | the DOM around the list |
//! | [`browser_events`], [`reading_position`] | what the reader does |
//! | [`dom`] | helpers for attributes and queries |

mod announcer;
mod bar;
mod browser_events;
mod card;
mod client;
pub mod dom;
pub mod fetch;
mod list;
mod list_data;
mod morph;
mod page;
mod pending_below;
mod placement;
mod reading_position;
mod targets;
mod times;
mod transport;
mod wire;

pub use wire::JsonValue;

/// Keeps the page up to date, for as long as the document lives. Does nothing if the page has no
/// list.
pub fn start() {
    if let Some(client) = client::LiveClient::start() {
        browser_events::listen(&client);
    }
}
