//! Editing published updates, and the article above them, in an entry's page.

mod api;

#[cfg(feature = "hydrate")]
pub mod article_button;
#[cfg(feature = "hydrate")]
pub mod card_actions;
#[cfg(feature = "hydrate")]
mod card_buttons;
#[cfg(feature = "hydrate")]
pub mod edit_dialog;

pub use api::{
    DeleteUpdate, EditArticle, EditUpdate, LoadArticleSource, LoadUpdateSource, MarkUpdate,
    RestoreUpdate, article_source, delete_update, edit_article, edit_update, mark_update,
    restore_update, update_source,
};
