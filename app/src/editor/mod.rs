//! Editing published updates in an entry's page.

mod api;

#[cfg(feature = "hydrate")]
pub mod card_actions;
#[cfg(feature = "hydrate")]
pub mod edit_dialog;

pub use api::{
    DeleteUpdate, EditUpdate, LoadUpdateSource, MarkUpdate, RestoreUpdate, delete_update,
    edit_update, mark_update, restore_update, update_source,
};
