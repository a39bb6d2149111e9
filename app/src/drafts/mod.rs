//! Drafts of updates: an author saves an update on the server, to continue it on another device.

mod api;

#[cfg(feature = "ssr")]
mod kept_page;
#[cfg(feature = "ssr")]
mod list;

pub use api::{
    DiscardDraft, MyDraft, MyDrafts, SaveDraft, discard_draft, my_draft, my_drafts, save_draft,
};
#[cfg(feature = "ssr")]
pub use {
    kept_page::{ComposerButtons, DraftFields, KeptPage},
    list::{COMPOSER_FORM, DraftList},
};
