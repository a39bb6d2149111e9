//! Rooms, in which readers chat: the page of a room, and the cards of messages, which the feed also
//! carries.

mod message_card;
mod room_page;

pub use {message_card::render_message, room_page::RoomPage};
