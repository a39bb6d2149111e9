//! The moderation of rooms at the desk, by editors and owners; and the page with which readers
//! report a message. All pages are plain forms and work without JavaScript. With it, `live_queue`
//! keeps the queue up to date.

mod queue_ids;

#[cfg(feature = "hydrate")]
pub mod live_queue;

#[cfg(feature = "ssr")]
mod item;
#[cfg(feature = "ssr")]
mod item_page;
#[cfg(feature = "ssr")]
mod log_page;
#[cfg(feature = "ssr")]
mod queue_page;
#[cfg(feature = "ssr")]
mod report_page;
#[cfg(feature = "ssr")]
mod rules_page;
#[cfg(feature = "ssr")]
mod titles;

#[cfg(feature = "ssr")]
pub use {
    item_page::{HeldMessagePage, ModeratedMessagePage},
    log_page::ModerationLogPage,
    queue_page::ModerationPage,
    report_page::ReportPage,
    rules_page::ModerationRulesPage,
};
