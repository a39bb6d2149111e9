//! Live blogs.
//!
//! - `desk`, `patch`: authors' pages and changes, and partial edits.
//! - `pages`: readers' pages.
//! - `slugs`: unused slugs.

pub mod desk;
pub mod pages;
pub mod patch;
pub mod slugs;
