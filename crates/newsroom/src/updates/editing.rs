//! Use cases of published updates: editing, deleting, restoring, and marking as key or pinned.

use domain::{Caller, Change, Draft, Mark, OpId, PostedUpdate, Source, Timestamp, UpdateId};

use crate::{
    EditableUpdate, Entry, Error, LiveUpdate, Newsroom, Rendered, Result, UNDO_WINDOW, UpdatePatch,
    feed::change,
    permissions::{check_may_pin, check_may_post},
    storage::{Outcome, Revision, Snapshot},
    updates::posting::check_visible,
    writes::idempotency::{IdempotentRequest, IdempotentWrite},
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
        // Check the permission first, then render, and only then write, which locks the counter.
        let mut rendered = None;
        if let Some(source) = &patch.source {
            let parts = parts(PATCH, id, patch.parts());
            let request = IdempotentRequest::new(caller, op_id, &parts);
            let mut snapshot = self.store.snapshot().await?;
            if let Some(outcome) = request.earlier_outcome(&mut snapshot).await? {
                let entry = entry_of(&mut snapshot, outcome).await?;
                drop(snapshot);
                let removed = self.render_markdown(source).await?.removed;
                return Ok(EditedUpdate { entry, removed });
            }
            editable(&mut snapshot, caller, id).await?;
            drop(snapshot);
            rendered = Some(self.render_markdown(source).await?);
        }
        let removed = rendered.as_ref().map(|it| it.removed.clone());
        let patch = patch.clone();
        let kind = ChangeKind::Patch { patch, rendered };
        Ok(EditedUpdate {
            entry: self.change_update(caller, id, kind, op_id).await?,
            removed: removed.unwrap_or_default(),
        })
    }

    async fn change_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        kind: ChangeKind,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        self.write(UpdateChange {
            caller: caller.clone(),
            op_id: op_id.cloned(),
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
        self.change_update(caller, id, ChangeKind::Delete, op_id)
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
        self.change_update(caller, id, ChangeKind::Restore, op_id)
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
    ) -> Result<(Entry, EditableUpdate)> {
        let mut snapshot = self.store.snapshot().await?;
        let (entry, editable) = editable(&mut snapshot, caller, id).await?;
        if editable.update.deleted_at.is_some() {
            return Err(Error::Removed);
        }
        Ok((entry, editable))
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
    id: UpdateId,
    kind: ChangeKind,
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
    type Output = Entry;

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

    async fn repeat(&self, snapshot: &mut Snapshot, (): (), outcome: Outcome) -> Result<Entry> {
        entry_of(snapshot, outcome).await
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, Entry)> {
        let (entry, before) = editable(revision.snapshot(), &self.caller, self.id).await?;
        let outcome = match &self.kind {
            ChangeKind::Patch { patch, rendered } => {
                let rendered = rendered.as_ref();
                self.patch(revision, &before, patch, rendered, now).await?;
                Outcome::UpdatePatched(self.id)
            }
            ChangeKind::Delete => {
                self.delete(revision, &before.update, now).await?;
                Outcome::UpdateDeleted(self.id)
            }
            ChangeKind::Restore => {
                self.restore(revision, &before, now).await?;
                Outcome::UpdateRestored(self.id)
            }
        };
        Ok((outcome, entry))
    }
}

impl UpdateChange {
    /// Fields that the patch leaves out keep their current values, including concurrent changes.
    async fn patch(
        &self,
        revision: &mut Revision,
        before: &EditableUpdate,
        patch: &UpdatePatch,
        rendered: Option<&Rendered>,
        now: Timestamp,
    ) -> Result<()> {
        if before.update.deleted_at.is_some() {
            return Err(Error::Removed);
        }
        let after = patched(before, patch, rendered, now)?;
        if after.update.pinned && !before.update.pinned {
            let entry = before.update.entry_id;
            check_may_pin(revision.snapshot(), &self.caller, entry).await?;
        }
        if after != *before {
            revision.rewrite_update(before, &after).await?;
        }
        Ok(())
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
        let EditableUpdate { update, source } = before;
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

/// Returns `before` changed by `patch` at `now`; `rendered` is its rendered source.
fn patched(
    before: &EditableUpdate,
    patch: &UpdatePatch,
    rendered: Option<&Rendered>,
    now: Timestamp,
) -> Result<EditableUpdate> {
    let EditableUpdate {
        update: mut after,
        mut source,
    } = before.clone();
    after.key = patch.key.unwrap_or(after.key);
    after.pinned = patch.pinned.unwrap_or(after.pinned);
    if let Some(headline) = &patch.headline {
        after.headline.clone_from(headline);
    }
    let mut removed = Vec::new();
    if let (Some(new), Some(rendered)) = (&patch.source, rendered)
        && new.as_str() != source
    {
        new.as_str().clone_into(&mut source);
        after.html.clone_from(&rendered.html);
        removed.clone_from(&rendered.removed);
    }
    if (&source, &after.headline) != (&before.source, &before.update.headline) {
        let html = after.html.clone();
        check_visible(&Rendered { html, removed }, after.headline.as_ref())?;
        after.edited_at = Some(now);
    }
    Ok(EditableUpdate {
        update: after,
        source,
    })
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
        Outcome::DraftSaved(_) => return Err(Error::IdempotencyConflict),
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
