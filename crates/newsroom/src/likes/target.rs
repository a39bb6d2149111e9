//! Which updates can be liked.

use domain::{EntryId, Slug, UpdateId};

use crate::{Error, Result, storage::Snapshot};

/// Returns the entry of an update that can be liked: not deleted, in a public entry, whose slug is
/// or was `slug` if that is given.
///
/// # Errors
/// Returns [`Error::NotFound`] otherwise. The error doesn't reveal whether it is hidden.
pub(super) async fn likable(
    snapshot: &mut Snapshot,
    slug: Option<&Slug>,
    id: UpdateId,
) -> Result<EntryId> {
    const NOT_FOUND: Error = Error::NotFound("update");
    let update = snapshot.update(id).await?;
    let update = update.filter(|update| update.deleted_at.is_none());
    let update = update.ok_or(NOT_FOUND)?;
    let entry = snapshot.entry(update.entry_id).await?;
    let entry = entry.filter(|entry| entry.state.is_public());
    let entry = entry.ok_or(NOT_FOUND)?;
    if let Some(slug) = slug.filter(|slug| **slug != entry.slug) {
        // A page that was open before the slug changed still has the previous one.
        let named = snapshot.entry_by_any_slug(slug).await?;
        if named.is_none_or(|named| named.id != entry.id) {
            return Err(NOT_FOUND);
        }
    }
    Ok(entry.id)
}
