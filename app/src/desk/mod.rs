//! The author's desk: entries are created, started and ended here, updates edited and deleted. Plain
//! forms, which work without JavaScript.

mod desk_page;
mod edit_page;
mod entry_page;

pub use {desk_page::DeskPage, edit_page::EditPage, entry_page::DeskEntryPage};
