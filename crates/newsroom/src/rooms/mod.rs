//! Rooms: readers chat there, with and without accounts.
//!
//! A room belongs to an entry, or to none. Its messages are the feed of the room, with a counter of
//! its own ([`Counter::ROOMS`](crate::storage::Counter::ROOMS)): no message waits for the lock that
//! an author's post needs, and no page of a live blog changes.
//!
//! - `reading`: rooms and pages of messages; `visibility`: which rooms a caller sees.
//! - `managing`: creating rooms, opening and closing them; `chat` does that for entries.
//! - `posting`: sending messages; `nicks` decides who may use a name, and `rules` what else may
//!   refuse or hold a message.
//! - `moderation`: the queue of held and reported messages, sanctions, and the log.
//! - `deleting`: deleting and restoring messages.
//! - `guests`, `guest_key`: the cookies of readers without an account.
//! - `room_source`: the feeds of rooms.

pub mod chat;
pub mod deleting;
pub mod guest_key;
pub mod guests;
pub mod managing;
pub mod moderation;
mod nicks;
pub mod posting;
pub mod reading;
pub mod room_source;
pub mod rules;
mod visibility;

pub use nicks::CLAIM_LIFE;
