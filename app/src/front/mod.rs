//! The pages of all public entries: the front page, with a summary of each entry, and `/live`, with
//! the updates of all live entries. The island `LiveFeed` keeps both up to date.

pub mod labelled_cards;
pub mod section;

#[cfg(feature = "ssr")]
mod entry_summary;
#[cfg(feature = "ssr")]
mod live_now_page;
#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub use {entry_summary::render_entry_summary, live_now_page::LiveNowPage, page::FrontPage};
