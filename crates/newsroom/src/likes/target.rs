//! Which updates can be liked.

use domain::{EntryId, Slug, UpdateId};

use crate::{Error, Result, permissions::check_public, storage::Snapshot};

/// Returns the entry of an update that can be liked: not deleted, in a public entry, whose slug is
/// `slug` if that is given.
///
/// # Errors
/// Returns [`Error::NotFound`] otherwise. The error doesn't reveal whether it is hidden.
pub(super) async fn likable(
    snapshot: &mut Snapshot,
    slug: Option<&Slug>,
    id: UpdateId,
) -> Result<EntryId> {
    let update = snapshot.update(id).await?;
    let update = update.filter(|update| update.deleted_at.is_none());
    let update = update.ok_or(Error::NotFound("update"))?;
    let entry = check_public(snapshot.entry(update.entry_id).await?)?;
    if slug.is_some_and(|slug| *slug != entry.slug) {
        return Err(Error::NotFound("update"));
    }
    Ok(entry.id)
}
