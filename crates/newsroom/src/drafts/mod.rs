//! Drafts of updates: an author saves an update on the server, to continue it on another device.
//!
//! A draft belongs to one account and one entry, and nobody else sees it, not even an owner. It has
//! a version of its own and takes no revision, so that saving it changes nothing for readers. While
//! its account is disabled nobody sees it; it is deleted with its account or its entry.
//!
//! - `reading`: lists of drafts, and one draft.
//! - `saving`, `discarding`: changes. `updates/posting.rs` deletes a draft that is posted.

pub mod discarding;
pub mod reading;
pub mod saving;
