//! Posting: the composer inside the entry's page, and as a page of its own.

mod api;
mod draft;
mod form;
mod gate_island;
mod ime;

#[cfg(feature = "ssr")]
mod page;

pub use api::{PostUpdate, post_update};
pub use gate_island::ComposerGate;
#[cfg(feature = "ssr")]
pub use page::ComposePage;
