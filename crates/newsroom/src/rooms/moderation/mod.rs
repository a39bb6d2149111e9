//! The moderation of rooms by editors and owners, and reports by readers.
//!
//! - `acting`: what moderators do: each action is one transaction, with an entry of the log.
//!   `held`, `removing`, `sanctioning` and `all_rooms` carry the actions out; `subject` is the
//!   person and the message that an action is about.
//! - `reading`: the queue, sanctions and the log.
//! - `reporting`: reports by readers.
//! - `retention`: how long all of that is kept.

pub mod acting;
mod all_rooms;
mod held;
pub mod reading;
mod removing;
pub mod reporting;
mod retention;
mod sanctioning;
mod subject;
