//! Posting: the composer in an entry's page, and the composer as a page of its own.

mod api;
mod load_error;
mod loader_island;

#[cfg(feature = "hydrate")]
mod draft;
#[cfg(feature = "hydrate")]
mod form;
#[cfg(feature = "hydrate")]
mod ime;
#[cfg(feature = "hydrate")]
mod loading;
#[cfg(feature = "hydrate")]
mod state;

#[cfg(feature = "ssr")]
mod page;

pub use api::{PostUpdate, post_update};
pub use loader_island::ComposerLoader;
#[cfg(feature = "ssr")]
pub use page::ComposePage;
