//! The desk: authors create, edit, start and end entries, and edit, mark and delete updates. All
//! pages are plain forms and work without JavaScript.

mod accounts_page;
mod conflict_details;
mod desk_page;
mod entry_edit_page;
mod entry_fields;
mod entry_page;
mod rooms_page;
mod site_page;
mod update_edit_page;

use domain::{Caller, EntryId, Slug, UpdateId, not_shown};
use newsroom::{DeskEntryDetail, Error};

use crate::{
    request::{PageRequest, newsroom},
    site::Site,
};

pub use {
    accounts_page::DeskAccountsPage, desk_page::DeskPage, entry_edit_page::EntryEditPage,
    entry_page::DeskEntryPage, rooms_page::DeskRoomsPage, site_page::DeskSitePage,
    update_edit_page::UpdateEditPage,
};

/// Returns a sentence about the content of the update numbered `id` that the sanitizer removed.
/// Returns `None` if nothing was removed, or if the caller may not edit the update.
pub async fn removed_content_note(request: &PageRequest, id: &str) -> Option<String> {
    let id: UpdateId = id.parse().ok()?;
    let caller = request.caller().ok()?;
    let removed = newsroom().removed_parts(caller, id).await.ok()?;
    not_shown(&removed)
}

/// Returns a sentence about the content of an entry's article that the sanitizer removed; `None` if
/// nothing was removed.
pub async fn removed_article_note(caller: &Caller, entry: EntryId) -> Option<String> {
    let removed = newsroom().removed_from_article(caller, entry).await.ok()?;
    not_shown(&removed)
}

/// Returns a sentence about the number of an entry's readers; `None` if they are not counted.
pub async fn open_streams_note(site: &Site, entry: EntryId) -> Option<String> {
    let streams = newsroom().open_streams(entry).await.ok()??;
    let number = match (streams, site.has_uncounted_readers) {
        (0, false) => "No reader has".to_owned(),
        (1, false) => "1 reader has".to_owned(),
        (1, true) => "At least 1 reader has".to_owned(),
        (_, false) => format!("{streams} readers have"),
        (_, true) => format!("At least {streams} readers have"),
    };
    Some(format!("{number} this live blog open."))
}

/// Loads the entry with this slug for the caller's desk. Returns the caller, too.
///
/// # Errors
/// If the caller is not logged in or may not use the desk, if `slug` is an error, or if there is no
/// such entry.
pub async fn desk_entry(
    request: &PageRequest,
    slug: Result<Slug, Error>,
) -> Result<(Caller, DeskEntryDetail), Error> {
    let caller = request.caller()?.clone();
    let page = newsroom().desk_entry(&caller, &slug?).await?;
    Ok((caller, page))
}
