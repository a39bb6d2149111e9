//! Live blogs.
//!
//! - `desk`, `patch`: authors' pages and changes, and partial edits.
//! - `pages`: readers' pages.
//! - `articles`: the texts above the updates.
//! - `slugs`: unused slugs.

pub mod articles;
pub mod desk;
pub mod pages;
pub mod patch;
pub mod slugs;
