//! The author's desk: entries are created, changed, started and ended here, updates edited, marked and
//! deleted. Plain forms, which work without JavaScript.

mod desk_page;
mod edit_page;
mod entry_edit_page;
mod entry_fields;
mod entry_page;

use domain::{Caller, Slug, UpdateId, not_shown};
use newsroom::{DeskEntryDetail, Error};

use crate::request::{PageRequest, newsroom};

pub use {
    desk_page::DeskPage, edit_page::EditPage, entry_edit_page::EntryEditPage,
    entry_page::DeskEntryPage,
};

/// The sentence that tells the author of the update numbered `id` what of it readers don't get; `None` if
/// they get everything, or if it isn't the caller's to edit.
pub async fn not_shown_of(request: &PageRequest, id: &str) -> Option<String> {
    let id: UpdateId = id.parse().ok()?;
    let caller = request.caller().ok()?;
    let removed = newsroom().removed_parts(caller, id).await.ok()?;
    not_shown(&removed)
}

/// The entry named `slug` as whoever asks sees it at their desk, and who that is.
///
/// # Errors
/// If nobody is logged in, if they have no desk, or if there is no such entry.
pub async fn desk_entry(
    request: &PageRequest,
    slug: &str,
) -> Result<(Caller, DeskEntryDetail), Error> {
    let caller = request.caller()?.clone();
    let slug = Slug::parse(slug).map_err(|_| Error::NotFound("entry"))?;
    let page = newsroom().desk_entry(&caller, &slug).await?;
    Ok((caller, page))
}
