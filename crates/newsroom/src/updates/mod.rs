//! Updates of live blogs.
//!
//! - `posting`: posting updates.
//! - `editing`: editing, deleting, restoring and highlighting updates.
//! - `conflicts`: edits based on another text than the current one; `word_diff` compares the two.
//! - `pages`: readers' pages.
//! - `rerender`: renders stored updates again after an upgrade.
//! - `update_cache`: a cache of entries' updates.

pub mod conflicts;
pub mod editing;
pub mod pages;
pub mod posting;
pub mod rerender;
pub mod update_cache;
mod word_diff;
