//! What the live page passes on to the like buttons.

use web_sys::Element;

use crate::live::JsonValue;

/// An event for the like buttons.
#[cfg_attr(
    test,
    expect(dead_code, reason = "tests in a browser don't load the buttons' code")
)]
pub enum LikeEvent {
    /// The stream delivered counts.
    Counts(JsonValue),
    /// The reader clicked a link of a card.
    Click(Element),
    /// The page has no stream, and so receives no counts. Passed on every
    /// few seconds.
    WithoutStream,
}
