//! Rooms, in which readers chat.
//!
//! - `room_page`: the page of a room, which needs no JavaScript; `message_card`: the cards of
//!   messages, which the feed also carries.
//! - `opening`: loads the panel; `panel`: the live room, beside an entry's updates or on its own
//!   page.

#[cfg(feature = "hydrate")]
mod opening;
#[cfg(feature = "hydrate")]
mod panel;

#[cfg(feature = "hydrate")]
pub use opening::open;

#[cfg(feature = "ssr")]
mod message_card;
#[cfg(feature = "ssr")]
mod room_page;

#[cfg(feature = "ssr")]
pub use {message_card::render_message, room_page::RoomPage};
