//! Posting: the composer in an entry's page, and the composer as a page of its own.

mod api;
mod draft;
mod form;
mod ime;
mod loader_island;
mod state;

#[cfg(feature = "ssr")]
mod page;

pub use api::{PostUpdate, post_update};
pub use loader_island::ComposerLoader;
#[cfg(feature = "ssr")]
pub use page::ComposePage;
