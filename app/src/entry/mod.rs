//! A live blog as readers see it: its page, the cards of its updates, and the pages of single
//! updates. `live` keeps an open page up to date.
//!
//! | module | contents |
//! | --- | --- |
//! | [`page`], [`update_page`] | the pages of an entry and of one update |
//! | [`article`], [`update_card`], [`highlights`] | parts of pages, and of the feed |
//! | [`moment`], [`excerpt`] | parts of those |
//! | [`list`], [`chunk`] | the list of cards, in parts that the server keeps |
//! | [`feed_bar`], [`bar_ids`] | the bar above a list |
//! | [`live_feed_island`] | the start of the live page |
//! | [`labels`] | words that pages show, on the server and in the browser |

pub mod bar_ids;
pub mod chunk;
pub mod labels;
mod live_feed_island;

#[cfg(feature = "ssr")]
mod article;
#[cfg(feature = "ssr")]
mod excerpt;
#[cfg(feature = "ssr")]
mod feed_bar;
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
    article::render_article,
    excerpt::excerpt,
    feed_bar::FeedBar,
    highlights::render_highlights,
    list::{DocumentList, list_html, list_parts},
    live_feed_island::LiveFeed,
    moment::{Moment, render_since},
    page::EntryPage,
    update_card::{render_card, render_preview, update_content},
    update_page::UpdatePage,
};
