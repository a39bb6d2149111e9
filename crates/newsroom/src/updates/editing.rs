//! Use cases of published updates: editing, deleting, restoring, and marking as key or pinned.

use domain::{Caller, Change, Draft, Mark, OpId, PostedUpdate, Source, UpdateId};

use crate::{
    Entry, Error, LiveUpdate, Newsroom, Rendered, Result, UNDO_WINDOW, UpdatePatch,
    feed::change,
    permissions::{check_may_pin, check_may_post},
    storage::{Outcome, Snapshot},
    updates::posting::check_visible,
    writes::idempotency::IdempotentRequest,
};

/// The result of editing an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedUpdate {
    /// The update's entry.
    pub entry: Entry,
    /// What was removed from the submitted text for safety; empty if the text did not change.
    pub removed: Vec<String>,
}

impl Newsroom {
    /// Replaces the text and headline of an update. Returns its entry, and what was removed for
    /// safety. Does nothing if they are unchanged.
    ///
    /// # Errors
    /// See [`Newsroom::patch_update`].
    pub async fn edit_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        draft: &Draft,
        op_id: Option<&OpId>,
    ) -> Result<EditedUpdate> {
        self.patch_update(caller, id, &UpdatePatch::text(draft), op_id)
            .await
    }

    /// Changes the given fields of an update, all of them or none. Returns its entry, and what was
    /// removed from the text for safety. A repeated `op_id` changes nothing.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not edit the update, or an update that this
    /// one would unpin; [`Error::NotFound`] if there is no such update, [`Error::Removed`] if it
    /// was deleted, [`Error::Invalid`] if no part of the text is visible,
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request, and an error
    /// if the database can't be reached.
    pub async fn patch_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        patch: &UpdatePatch,
        op_id: Option<&OpId>,
    ) -> Result<EditedUpdate> {
        check_may_post(caller)?;
        let (id_text, parts) = (id.to_string(), patch.parts());
        let parts = ["patch-update", &id_text]
            .into_iter()
            .chain(parts.iter().map(|part| &**part));
        let request = IdempotentRequest::new(caller, op_id, parts);
        // Check the permission first, then render, and only then lock the counter, which other
        // writers wait for.
        let rendered = match &patch.source {
            Some(source) => {
                let mut snapshot = self.store.snapshot().await?;
                if let Some(outcome) = request.earlier_outcome(&mut snapshot).await? {
                    let entry = entry_of(&mut snapshot, outcome).await?;
                    drop(snapshot);
                    let removed = self.render_markdown(source).await?.removed;
                    return Ok(EditedUpdate { entry, removed });
                }
                editable(&mut snapshot, caller, id).await?;
                drop(snapshot);
                Some(self.render_markdown(source).await?)
            }
            None => None,
        };
        let removed = rendered.as_ref().map(|rendered| rendered.removed.clone());
        let entry = self.change(async {
            let mut revision = self.store.revise().await?;
            if let Some(outcome) = request.earlier_outcome(revision.snapshot()).await? {
                return entry_of(revision.snapshot(), outcome).await;
            }
            // Fields that the patch leaves out keep their current values, including concurrent
            // changes.
            let (entry, before) = editable(revision.snapshot(), caller, id).await?;
            if before.deleted_at.is_some() {
                return Err(Error::Removed);
            }
            let after = self.patched(&before, patch, rendered)?;
            if after.pinned && !before.pinned {
                check_may_pin(revision.snapshot(), caller, entry.id).await?;
            }
            if after != before {
                revision.rewrite_update(&before, &after).await?;
            }
            let outcome = Outcome::UpdatePatched(id);
            let now = self.clock.now();
            self.publish_outcome(revision, request, outcome, now)
                .await?;
            Ok(entry)
        });
        let entry = entry.await?;
        let removed = removed.unwrap_or_default();
        Ok(EditedUpdate { entry, removed })
    }

    /// Returns what was removed from an update's text for safety.
    ///
    /// # Errors
    /// See [`Newsroom::editable_update`].
    pub async fn removed_parts(&self, caller: &Caller, id: UpdateId) -> Result<Vec<String>> {
        let (_, update) = self.editable_update(caller, id).await?;
        let source = Source::from_stored(update.source);
        Ok(self.render_markdown(&source).await?.removed)
    }

    /// Returns `before` changed by `patch`; `rendered` is its rendered source.
    fn patched(
        &self,
        before: &LiveUpdate,
        patch: &UpdatePatch,
        rendered: Option<Rendered>,
    ) -> Result<LiveUpdate> {
        let mut after = before.clone();
        after.key = patch.key.unwrap_or(before.key);
        after.pinned = patch.pinned.unwrap_or(before.pinned);
        if let Some(headline) = &patch.headline {
            after.headline.clone_from(headline);
        }
        let mut removed = Vec::new();
        if let (Some(source), Some(rendered)) = (&patch.source, rendered)
            && source.as_str() != before.source
        {
            source.as_str().clone_into(&mut after.source);
            after.html = rendered.html;
            removed = rendered.removed;
        }
        if (&after.source, &after.headline) != (&before.source, &before.headline) {
            let html = after.html.clone();
            check_visible(&Rendered { html, removed }, after.headline.as_ref())?;
            after.edited_at = Some(self.clock.now());
        }
        Ok(after)
    }

    /// Deletes an update, and returns its entry. Deleting it again changes nothing for readers, but
    /// if an editor does so, its author can no longer restore it.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not edit the update, [`Error::NotFound`] if
    /// there is no such update, [`Error::IdempotencyConflict`] if the `op_id` was used for a
    /// different request, and an error if the database can't be reached.
    pub async fn delete_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        check_may_post(caller)?;
        let id_text = id.to_string();
        let request = IdempotentRequest::new(caller, op_id, ["delete-update", &id_text]);
        self.change(async {
            let mut revision = self.store.revise().await?;
            if let Some(outcome) = request.earlier_outcome(revision.snapshot()).await? {
                return entry_of(revision.snapshot(), outcome).await;
            }
            let (entry, update) = editable(revision.snapshot(), caller, id).await?;
            let now = self.clock.now();
            if update.deleted_at.is_none() {
                revision
                    .set_update_deleted(&update, Some((now, caller.id)))
                    .await?;
            } else if caller.role.may_edit_others() {
                revision.set_deleted_by(&update, caller.id).await?;
            }
            let outcome = Outcome::UpdateDeleted(id);
            self.publish_outcome(revision, request, outcome, now)
                .await?;
            Ok(entry)
        })
        .await
    }

    /// Restores a deleted update at its original position, and returns its entry.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not edit the update, if somebody else deleted
    /// it and the caller is not an editor, or if it was deleted too long ago; [`Error::NotFound`]
    /// if there is no such update, [`Error::IdempotencyConflict`] if the `op_id` was used for a
    /// different request, and an error if the database can't be reached.
    pub async fn restore_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        check_may_post(caller)?;
        let id_text = id.to_string();
        let request = IdempotentRequest::new(caller, op_id, ["restore-update", &id_text]);
        self.change(async {
            let mut revision = self.store.revise().await?;
            if let Some(outcome) = request.earlier_outcome(revision.snapshot()).await? {
                return entry_of(revision.snapshot(), outcome).await;
            }
            let (entry, update) = editable(revision.snapshot(), caller, id).await?;
            let now = self.clock.now();
            if let Some(deleted_at) = update.deleted_at {
                if !caller.may_restore(update.author_id, update.deleted_by) {
                    return Err(Error::Forbidden(
                        "An editor deleted this update. Only an editor can restore it.",
                    ));
                }
                if deleted_at.plus_micros(UNDO_WINDOW) < now || update.source.is_empty() {
                    return Err(Error::Forbidden(
                        "This update was deleted more than ten minutes ago and can't be restored.",
                    ));
                }
                revision.set_update_deleted(&update, None).await?;
            }
            let outcome = Outcome::UpdateRestored(id);
            self.publish_outcome(revision, request, outcome, now)
                .await?;
            Ok(entry)
        })
        .await
    }

    /// Sets or removes a mark of an update, and returns its entry. An entry has at most one pinned
    /// update: pinning another unpins it. Does nothing if the mark is unchanged.
    ///
    /// # Errors
    /// See [`Newsroom::patch_update`].
    pub async fn mark_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        mark: Mark,
        on: bool,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        self.patch_update(caller, id, &UpdatePatch::mark(mark, on), op_id)
            .await
            .map(|edited| edited.entry)
    }

    /// Returns an update that the caller may edit.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not edit it, [`Error::NotFound`] if there is
    /// no such update, [`Error::Removed`] if it was deleted, and an error if the database can't be
    /// reached.
    pub async fn editable_update(
        &self,
        caller: &Caller,
        id: UpdateId,
    ) -> Result<(Entry, LiveUpdate)> {
        let mut snapshot = self.store.snapshot().await?;
        let (entry, update) = editable(&mut snapshot, caller, id).await?;
        if update.deleted_at.is_some() {
            return Err(Error::Removed);
        }
        Ok((entry, update))
    }

    /// Returns the current change of an update in the feed, which may be its deletion, and its
    /// entry, which may be a draft.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such update, and an error if the database can't be reached.
    pub async fn last_change(&self, caller: &Caller, id: UpdateId) -> Result<(Entry, Change)> {
        check_may_post(caller)?;
        let not_found = Error::NotFound("update");
        let mut snapshot = self.store.snapshot().await?;
        let update = snapshot.update(id).await?.ok_or(not_found.clone())?;
        let entry = snapshot.entry(update.entry_id).await?.ok_or(not_found)?;
        let change = change(&self.cards, &entry, &update);
        Ok((entry, change))
    }
}

/// Returns the entry that an earlier outcome belongs to.
async fn entry_of(snapshot: &mut Snapshot, outcome: Outcome) -> Result<Entry> {
    let not_found = Error::NotFound("update");
    let entry = match outcome {
        Outcome::UpdatePatched(id)
        | Outcome::UpdateDeleted(id)
        | Outcome::UpdateRestored(id)
        | Outcome::Posted(PostedUpdate { id, .. }) => {
            let update = snapshot.update(id).await?.ok_or(not_found.clone())?;
            update.entry_id
        }
        Outcome::Created(id) | Outcome::EntryPatched(id) => id,
    };
    snapshot.entry(entry).await?.ok_or(not_found)
}

async fn editable(
    snapshot: &mut Snapshot,
    caller: &Caller,
    id: UpdateId,
) -> Result<(Entry, LiveUpdate)> {
    check_may_post(caller)?;
    let not_found = Error::NotFound("update");
    let update = snapshot.update(id).await?.ok_or(not_found.clone())?;
    if caller.may_edit(update.author_id) {
        let entry = snapshot.entry(update.entry_id).await?.ok_or(not_found)?;
        Ok((entry, update))
    } else {
        Err(Error::Forbidden(
            "This update belongs to another author. Only its author or an editor can change it.",
        ))
    }
}
