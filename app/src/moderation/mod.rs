//! The moderation of rooms at the desk, by editors and owners; and the page with which readers
//! report a message. All pages are plain forms and work without JavaScript.

mod item;
mod item_page;
mod log_page;
mod queue_page;
mod report_page;
mod rules_page;

pub use {
    item_page::{HeldMessagePage, ModeratedMessagePage},
    log_page::ModerationLogPage,
    queue_page::ModerationPage,
    report_page::ReportPage,
    rules_page::ModerationRulesPage,
};
