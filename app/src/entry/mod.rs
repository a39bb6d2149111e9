//! A live blog as readers see it: its page, the cards of its updates, the pages of single updates,
//! and the browser code that keeps a page up to date.
//!
//! # Rendered on the server
//! | module | contents |
//! | --- | --- |
//! | [`page`], [`update_page`] | the pages of an entry and of one update |
//! | [`update_card`], [`highlights`], [`moment`], [`excerpt`] | parts of pages, and of the feed |
//! | [`list`] | the list of cards, in parts that the server keeps |
//!
//! # Run in the browser
//! [`LiveFeed`](live_feed_island::LiveFeed) is the island. It starts a
//! [`LiveClient`](live_client::LiveClient), which also serves the front page and `/live`:
//!
//! | module | contents |
//! | --- | --- |
//! | [`live_client`] | the client: runs `domain::Connection`, and handles stream events |
//! | [`catch_up`], [`refresh`] | what the client fetches: changes, or the page itself |
//! | [`apply`] | how changes are shown, by kind of page |
//! | [`event_source`], [`websocket`], [`stream_event`], [`stream_slot`] | streams |
//! | [`fetch`], [`wire`] | requests with a deadline, and the feed's JSON |
//! | [`feed_list`], [`placement`], [`morph`], [`card_node`], [`pending_below`] | the list's DOM |
//! | [`feed_bar`], [`entry_top`], [`times`], [`announcer`] | the DOM around the list |
//! | [`browser_events`], [`reading_position`] | what the reader does |
//!
//! # Shared
//! [`chunk`] holds the size and the classes of the list's chunks. [`live_feed_island`] and
//! [`feed_bar`] also render the bar's markup on the server.

mod announcer;
mod apply;
mod browser_events;
pub mod card_node;
mod catch_up;
mod chunk;
mod entry_top;
mod event_source;
mod feed_bar;
mod feed_list;
mod fetch;
mod live_client;
mod live_feed_island;
pub mod morph;
mod pending_below;
pub mod placement;
mod reading_position;
mod refresh;
mod stream_event;
mod stream_slot;
pub mod times;
mod websocket;
mod wire;

#[cfg(feature = "ssr")]
mod excerpt;
#[cfg(feature = "ssr")]
mod highlights;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod moment;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests;
#[cfg(feature = "ssr")]
mod update_card;
#[cfg(feature = "ssr")]
mod update_page;

#[cfg(feature = "ssr")]
pub use {
    excerpt::excerpt,
    feed_bar::FeedBar,
    highlights::render_highlights,
    list::{DocumentList, list_html, list_parts},
    live_feed_island::LiveFeed,
    moment::{Moment, render_since},
    page::EntryPage,
    update_card::{render_card, update_content},
    update_page::UpdatePage,
};

use crate::isolate::isolated;

/// Returns the document title of an entry's page.
fn page_title(title: &str) -> String {
    [&isolated(title), " · Ringside"].concat()
}

/// Returns the label that pages show for an entry's state.
pub const fn state_label(state: domain::EntryState) -> &'static str {
    match state {
        domain::EntryState::Draft => "Draft",
        domain::EntryState::Upcoming => "Coming up",
        domain::EntryState::Live => "Live",
        domain::EntryState::Ended => "Ended",
    }
}
