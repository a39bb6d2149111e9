//! The ids of the elements in the bar above a list, which the island renders and the browser finds.

/// The id of the connection status.
pub const STATUS: &str = "feed-status";
/// The id of the button that reverses the order.
pub const ORDER: &str = "feed-order";
/// The id of the button that shows pending updates.
pub const PENDING: &str = "feed-pending";
/// The id of the button that switches the time zone.
pub const ZONE: &str = "feed-zone";
/// The id of the live region for screen readers.
pub const ANNOUNCEMENTS: &str = "feed-announcements";
/// The id of the link to the entry's chat.
pub const CHAT: &str = "entry-chat";
