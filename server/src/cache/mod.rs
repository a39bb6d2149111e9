//! Caches what many clients request: finished pages, and compressed parts of responses.

mod cached_page;
pub mod compression;
pub mod document;
mod freshness;
pub mod key;
pub mod negotiation;
pub mod pages;
mod render;
pub mod service;
