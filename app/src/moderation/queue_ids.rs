//! The parts of the queue that the script of the page finds.

/// The id of the queue.
pub const QUEUE: &str = "moderation-queue";
/// The id of the live region of the page.
pub const STATUS: &str = "moderation-status";
