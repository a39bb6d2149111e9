//! Updates of live blogs.
//!
//! - `posting`: posting updates.
//! - `editing`: editing, deleting, restoring and highlighting updates.
//! - `pages`: readers' pages.
//! - `rerender`: renders stored updates again after an upgrade.
//! - `update_cache`: a cache of entries' updates.

pub mod editing;
pub mod pages;
pub mod posting;
pub mod rerender;
pub mod update_cache;
