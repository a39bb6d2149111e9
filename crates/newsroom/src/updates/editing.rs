//! Use cases of published updates: editing, deleting, restoring, and marking as key or pinned.

use domain::{
    Caller, Change, Cursor, Draft, Mark, OpId, PostedUpdate, Rev, Source, Timestamp, UpdateId,
    UpdateSource,
};

use crate::{
    EditableUpdate, Entry, Error, LiveUpdate, Newsroom, Rendered, Result, TextEditor, UNDO_WINDOW,
    UpdatePatch,
    feed::change,
    permissions::{check_may_pin, check_may_post},
    storage::{Outcome, Revision, Snapshot},
    updates::{
        conflicts::{check_base, next_base},
        posting::check_visible,
    },
    writes::idempotency::{IdempotentRequest, IdempotentWrite},
};

/// The result of editing an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedUpdate {
    /// The update's entry.
    pub entry: Entry,
    /// The base of the next edit of the submitted text. If somebody else changed the text
    /// after a request that is repeated, the next edit conflicts.
    pub base: Cursor,
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
        base: Option<&Cursor>,
    ) -> Result<EditedUpdate> {
        self.patch_update(caller, id, &UpdatePatch::text(draft), op_id, base)
            .await
    }

    /// Changes the given fields of an update, all of them or none. Returns its entry, the base of
    /// the next edit, and what was removed from the text for safety. A repeated `op_id` changes
    /// nothing.
    ///
    /// `base` is the revision up to which the caller has seen the update. Without one, the text is
    /// replaced whatever it is.
    ///
    /// # Errors
    /// Returns [`Error::Conflict`] if the text is not the one that the edit is based on, unless the
    /// patch leaves it as it is; [`Error::Forbidden`] if the caller may not edit the update, or an
    /// update that this one would unpin; [`Error::NotFound`] if there is no such update,
    /// [`Error::Removed`] if it was deleted, [`Error::Invalid`] if no part of the text is visible,
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request, and an error
    /// if the database can't be reached.
    pub async fn patch_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        patch: &UpdatePatch,
        op_id: Option<&OpId>,
        base: Option<&Cursor>,
    ) -> Result<EditedUpdate> {
        match self.patch(caller, id, patch, op_id, base).await {
            Ok(edited) => Ok(edited),
            Err(error) => {
                let source = patch.source.as_ref().map(Source::as_str);
                Err(self.compared(error, source, patch.headline_text()).await)
            }
        }
    }

    async fn patch(
        &self,
        caller: &Caller,
        id: UpdateId,
        patch: &UpdatePatch,
        op_id: Option<&OpId>,
        base: Option<&Cursor>,
    ) -> Result<EditedUpdate> {
        check_may_post(caller)?;
        // Check the permission first, then render, and only then write, which locks the counter.
        let mut rendered = None;
        if let Some(source) = &patch.source {
            let parts = parts(PATCH, id, patch.parts());
            let request = IdempotentRequest::new(caller, op_id, &parts);
            let mut snapshot = self.store.snapshot().await?;
            if let Some(outcome) = request.earlier_outcome(&mut snapshot).await? {
                let repeated = repeated(&mut snapshot, outcome, Some(patch), base).await?;
                drop(snapshot);
                return Ok(EditedUpdate {
                    entry: repeated.entry,
                    base: repeated.base,
                    removed: self.render_markdown(source).await?.removed,
                });
            }
            let (entry, current) = editable(&mut snapshot, caller, id).await?;
            drop(snapshot);
            check_text(&entry, &current, patch, base)?;
            rendered = Some(self.render_markdown(source).await?);
        }
        let removed = rendered.as_ref().map(|it| it.removed.clone());
        let patch = patch.clone();
        let kind = ChangeKind::Patch { patch, rendered };
        let changed = self.change_update(caller, id, kind, op_id, base).await?;
        Ok(EditedUpdate {
            entry: changed.entry,
            base: changed.base,
            removed: removed.unwrap_or_default(),
        })
    }

    async fn change_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        kind: ChangeKind,
        op_id: Option<&OpId>,
        base: Option<&Cursor>,
    ) -> Result<ChangedUpdate> {
        self.write(UpdateChange {
            caller: caller.clone(),
            op_id: op_id.cloned(),
            base: base.copied(),
            id,
            kind,
        })
        .await
    }

    /// Returns what was removed from an update's text for safety.
    ///
    /// # Errors
    /// See [`Newsroom::editable_update`].
    pub async fn removed_parts(&self, caller: &Caller, id: UpdateId) -> Result<Vec<String>> {
        let (_, editable) = self.editable_update(caller, id).await?;
        let source = Source::from_stored(editable.source);
        Ok(self.render_markdown(&source).await?.removed)
    }

    /// Deletes an update, and returns its entry. Deleting it again changes nothing for readers, but
    /// if an editor does so, its author can no longer restore it. `base` as in
    /// [`Newsroom::patch_update`].
    ///
    /// # Errors
    /// Returns [`Error::Conflict`] if the text was changed after `base`, [`Error::Forbidden`] if
    /// the caller may not edit the update, [`Error::NotFound`] if there is no such update,
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request, and an error
    /// if the database can't be reached.
    pub async fn delete_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        op_id: Option<&OpId>,
        base: Option<&Cursor>,
    ) -> Result<Entry> {
        check_may_post(caller)?;
        self.change_update(caller, id, ChangeKind::Delete, op_id, base)
            .await
            .map(|deleted| deleted.entry)
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
        self.change_update(caller, id, ChangeKind::Restore, op_id, None)
            .await
            .map(|restored| restored.entry)
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
        self.patch_update(caller, id, &UpdatePatch::mark(mark, on), op_id, None)
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
    ) -> Result<(Entry, EditableUpdate)> {
        let mut snapshot = self.store.snapshot().await?;
        let (entry, editable) = editable(&mut snapshot, caller, id).await?;
        if editable.update.deleted_at.is_some() {
            return Err(Error::Removed);
        }
        Ok((entry, editable))
    }

    /// Returns the text and the marks of an update that the caller may edit, and the base of an
    /// edit of them.
    ///
    /// # Errors
    /// See [`Newsroom::editable_update`].
    pub async fn update_source(&self, caller: &Caller, id: UpdateId) -> Result<UpdateSource> {
        let mut snapshot = self.store.snapshot().await?;
        let (entry, current) = editable(&mut snapshot, caller, id).await?;
        if current.update.deleted_at.is_some() {
            return Err(Error::Removed);
        }
        let may_pin = match check_may_pin(&mut snapshot, caller, entry.id).await {
            Err(Error::Forbidden(_)) => false,
            checked => checked.map(|()| true)?,
        };
        Ok(UpdateSource {
            id,
            headline: current.headline().to_owned(),
            key: current.update.key,
            pinned: current.update.pinned,
            base: current.base(entry.epoch),
            may_pin,
            source: current.source,
        })
    }

    /// Returns the base of an edit of an update by its author who posted `draft`. If the text was
    /// changed since, the edit conflicts.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not edit the update, [`Error::NotFound`] if
    /// there is no such update, and an error if the database can't be reached.
    pub async fn posted_base(
        &self,
        caller: &Caller,
        id: UpdateId,
        draft: &Draft,
    ) -> Result<Cursor> {
        let mut snapshot = self.store.snapshot().await?;
        let (entry, current) = editable(&mut snapshot, caller, id).await?;
        let patch = UpdatePatch::text(draft);
        Ok(next_base(&entry, &current, &patch, None, true))
    }

    /// Returns an update's entry, which may be a draft, the update, and its current change in the
    /// feed, which may be its deletion.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not use the desk, [`Error::NotFound`] if
    /// there is no such update, and an error if the database can't be reached.
    pub async fn last_change(
        &self,
        caller: &Caller,
        id: UpdateId,
    ) -> Result<(Entry, LiveUpdate, Change)> {
        check_may_post(caller)?;
        let not_found = Error::NotFound("update");
        let mut snapshot = self.store.snapshot().await?;
        let update = snapshot.update(id).await?.ok_or(not_found.clone())?;
        let entry = snapshot.entry(update.entry_id).await?.ok_or(not_found)?;
        let change = change(&self.cards, &entry, &update);
        Ok((entry, update, change))
    }
}

/// The name of a patch in the parts of a request.
const PATCH: &str = "patch-update";

/// Returns the parts of the request `name` for the update `id` with these `fields`.
fn parts(name: &str, id: UpdateId, fields: Vec<String>) -> Vec<String> {
    let mut parts = vec![name.to_owned(), id.to_string()];
    parts.extend(fields);
    parts
}

/// A change of a published update.
#[derive(Debug)]
struct UpdateChange {
    caller: Caller,
    op_id: Option<OpId>,
    /// The revision up to which the caller has seen the update. Not a part of the request's hash: a
    /// repeated request returns the first result whatever its base is.
    base: Option<Cursor>,
    id: UpdateId,
    kind: ChangeKind,
}

/// The result of an [`UpdateChange`].
struct ChangedUpdate {
    /// The update's entry.
    entry: Entry,
    /// The base of the next edit.
    base: Cursor,
}

#[derive(Debug)]
enum ChangeKind {
    /// Changes some of its fields.
    Patch {
        patch: UpdatePatch,
        /// The rendered text of the patch, if it has one.
        rendered: Option<Rendered>,
    },
    Delete,
    Restore,
}

impl IdempotentWrite for UpdateChange {
    type Target = ();
    type Output = ChangedUpdate;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        self.op_id.as_ref()
    }

    async fn target(&self, _: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn parts(&self, (): &()) -> Vec<String> {
        match &self.kind {
            ChangeKind::Patch { patch, .. } => parts(PATCH, self.id, patch.parts()),
            ChangeKind::Delete => parts("delete-update", self.id, Vec::new()),
            ChangeKind::Restore => parts("restore-update", self.id, Vec::new()),
        }
    }

    async fn repeat(
        &self,
        snapshot: &mut Snapshot,
        (): (),
        outcome: Outcome,
    ) -> Result<ChangedUpdate> {
        let patch = match &self.kind {
            ChangeKind::Patch { patch, .. } => Some(patch),
            ChangeKind::Delete | ChangeKind::Restore => None,
        };
        repeated(snapshot, outcome, patch, self.base.as_ref()).await
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, ChangedUpdate)> {
        let (entry, before) = editable(revision.snapshot(), &self.caller, self.id).await?;
        let mut base = before.base(entry.epoch);
        let outcome = match &self.kind {
            ChangeKind::Patch { patch, rendered } => {
                check_text(&entry, &before, patch, self.base.as_ref())?;
                let after = self.patched(&before, patch, rendered.as_ref(), now)?;
                base = next_base(&entry, &after, patch, self.base.as_ref(), false);
                let rev = self.rewrite(revision, &before, &after).await?;
                if base != Cursor::NO_TEXT {
                    base.rev = rev;
                }
                Outcome::UpdatePatched(self.id)
            }
            ChangeKind::Delete => {
                if before.update.deleted_at.is_none() {
                    check_base(&entry, &before, self.base.as_ref())?;
                }
                self.delete(revision, &before.update, now).await?;
                Outcome::UpdateDeleted(self.id)
            }
            ChangeKind::Restore => {
                self.restore(revision, &before, now).await?;
                Outcome::UpdateRestored(self.id)
            }
        };
        Ok((outcome, ChangedUpdate { entry, base }))
    }
}

impl UpdateChange {
    /// Stores `after`, and returns the update's revision. Does nothing if nothing changed.
    async fn rewrite(
        &self,
        revision: &mut Revision,
        before: &EditableUpdate,
        after: &EditableUpdate,
    ) -> Result<Rev> {
        if after.update.pinned && !before.update.pinned {
            let entry = before.update.entry_id;
            check_may_pin(revision.snapshot(), &self.caller, entry).await?;
        }
        if after == before {
            return Ok(before.update.rev);
        }
        revision.rewrite_update(before, after).await
    }

    /// Returns `before` changed by `patch` at `now`; `rendered` is its rendered source. Fields that
    /// the patch leaves out keep their current values, including concurrent changes.
    fn patched(
        &self,
        before: &EditableUpdate,
        patch: &UpdatePatch,
        rendered: Option<&Rendered>,
        now: Timestamp,
    ) -> Result<EditableUpdate> {
        let mut after = before.clone();
        let update = &mut after.update;
        update.key = patch.key.unwrap_or(update.key);
        update.pinned = patch.pinned.unwrap_or(update.pinned);
        if let Some(headline) = &patch.headline {
            update.headline.clone_from(headline);
        }
        let mut removed = Vec::new();
        if let (Some(new), Some(rendered)) = (&patch.source, rendered)
            && new.as_str() != before.source
        {
            new.as_str().clone_into(&mut after.source);
            update.html.clone_from(&rendered.html);
            removed.clone_from(&rendered.removed);
        }
        if patch.changes_text_of(before) {
            let html = update.html.clone();
            check_visible(&Rendered { html, removed }, update.headline.as_ref())?;
            update.edited_at = Some(now);
            after.edited_by = Some(TextEditor {
                id: self.caller.id,
                username: self.caller.username.clone(),
            });
        }
        Ok(after)
    }

    async fn delete(
        &self,
        revision: &mut Revision,
        update: &LiveUpdate,
        now: Timestamp,
    ) -> Result<()> {
        if update.deleted_at.is_none() {
            let deleted = Some((now, self.caller.id));
            revision.set_update_deleted(update, deleted).await?;
        } else if self.caller.role.may_edit_others() {
            revision.set_deleted_by(update, self.caller.id).await?;
        }
        Ok(())
    }

    async fn restore(
        &self,
        revision: &mut Revision,
        before: &EditableUpdate,
        now: Timestamp,
    ) -> Result<()> {
        let EditableUpdate { update, source, .. } = before;
        let Some(deleted_at) = update.deleted_at else {
            return Ok(());
        };
        if !self.caller.may_restore(update.author_id, update.deleted_by) {
            return Err(Error::Forbidden(
                "An editor deleted this update. Only an editor can restore it.",
            ));
        }
        if deleted_at.plus_micros(UNDO_WINDOW) < now || source.is_empty() {
            return Err(Error::Forbidden(
                "This update was deleted more than ten minutes ago and can't be restored.",
            ));
        }
        revision.set_update_deleted(update, None).await
    }
}

/// Checks whether `patch` may be applied to an update: it was not deleted, and if the patch changes
/// the text, it is based on the current one.
fn check_text(
    entry: &Entry,
    current: &EditableUpdate,
    patch: &UpdatePatch,
    base: Option<&Cursor>,
) -> Result<()> {
    if current.update.deleted_at.is_some() {
        return Err(Error::Removed);
    }
    if patch.changes_text_of(current) {
        check_base(entry, current, base)?;
    }
    Ok(())
}

/// Returns the result of a request that was repeated; `patch` is what it changes.
async fn repeated(
    snapshot: &mut Snapshot,
    outcome: Outcome,
    patch: Option<&UpdatePatch>,
    base: Option<&Cursor>,
) -> Result<ChangedUpdate> {
    let entry = entry_of(snapshot, outcome).await?;
    let current = match outcome {
        Outcome::UpdatePatched(id) => snapshot.editable_update(id).await?,
        _ => None,
    };
    let base = current
        .zip(patch)
        .map_or(Cursor::NO_TEXT, |(current, patch)| {
            next_base(&entry, &current, patch, base, true)
        });
    Ok(ChangedUpdate { entry, base })
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
        Outcome::DraftSaved(_)
        | Outcome::RoomCreated(_)
        | Outcome::RoomPatched(_)
        | Outcome::Moderated(_)
        | Outcome::ChatSet(_) => return Err(Error::IdempotencyConflict),
    };
    snapshot.entry(entry).await?.ok_or(not_found)
}

async fn editable(
    snapshot: &mut Snapshot,
    caller: &Caller,
    id: UpdateId,
) -> Result<(Entry, EditableUpdate)> {
    check_may_post(caller)?;
    let not_found = Error::NotFound("update");
    let editable = snapshot.editable_update(id).await?;
    let editable = editable.ok_or(not_found.clone())?;
    let LiveUpdate {
        author_id,
        entry_id,
        ..
    } = editable.update;
    if caller.may_edit(author_id) {
        let entry = snapshot.entry(entry_id).await?.ok_or(not_found)?;
        Ok((entry, editable))
    } else {
        Err(Error::Forbidden(
            "This update belongs to another author. Only its author or an editor can change it.",
        ))
    }
}
