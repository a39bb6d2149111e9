//! Editing published updates in an entry's page.

mod api;

pub use api::{
    DeleteUpdate, EditUpdate, LoadUpdateSource, MarkUpdate, RestoreUpdate, delete_update,
    edit_update, mark_update, restore_update, update_source,
};
