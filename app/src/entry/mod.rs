//! An entry as its readers have it: its page, its updates' cards, and the island that keeps both live, here and
//! on the pages of all entries.

mod announcer;
mod apply;
mod below;
mod browser_events;
pub mod card_node;
mod catch_up;
mod chunk;
mod entry_top;
mod feed_bar;
mod feed_list;
mod fetch;
mod live_feed_island;
mod live_page;
pub mod morph;
pub mod placing;
mod reader_place;
mod refresh;
mod socket;
mod stream;
mod stream_slot;
pub mod times;
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

/// What the browser's tab says of an entry's page.
fn page_title(title: &str) -> String {
    [&isolated(title), " · Ringside"].concat()
}

/// What an entry's state is called on pages.
pub const fn state_word(state: domain::EntryState) -> &'static str {
    match state {
        domain::EntryState::Draft => "Draft",
        domain::EntryState::Upcoming => "Coming up",
        domain::EntryState::Live => "Live",
        domain::EntryState::Ended => "Ended",
    }
}
