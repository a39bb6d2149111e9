//! All public entries: the front page, where each has a line, and `/live`, where the updates of those that are live are
//! one stream. `LiveFeed` keeps both live.

pub mod live_cards;
pub mod summary_list;

#[cfg(feature = "ssr")]
mod entry_summary;
#[cfg(feature = "ssr")]
mod live_now_page;
#[cfg(feature = "ssr")]
mod page;

#[cfg(feature = "ssr")]
pub use {entry_summary::render_line, live_now_page::LiveNowPage, page::FrontPage};
