//! Updates: posted, edited, deleted, given back.

use std::time::Duration;

use domain::{
    Caller, Change, Draft, EntryId, Headline, Invalid, Mark, OpId, PostResult, PostedUpdate, Slug,
    Source, UpdateId, not_shown,
};

use crate::{
    Entry, Error, LiveUpdate, Newsroom, Rendered, Result, UpdatePatch,
    group_commit::Post,
    idempotency::NamedRequest,
    live::change,
    storage::{Outcome, Snapshot},
};

/// How long a deletion can be undone, in microseconds: ten minutes. The text is wiped after it.
pub const UNDO_WINDOW: i64 = 10 * 60 * 1_000_000;

/// An update that was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedUpdate {
    /// Its entry.
    pub entry: Entry,
    /// What its author typed and readers don't get; empty if the text was not to change.
    pub removed: Vec<String>,
}

impl Newsroom {
    /// Publishes an update that waited `waited` on its author's machine. The same `op_id` with the
    /// same draft again answers what it did the first time, and publishes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller may not post or the entry has ended, [`Error::NotFound`] if
    /// there is no such entry, [`Error::IdempotencyConflict`] if the `op_id` stood for something else,
    /// [`Error::Invalid`] if nothing of the text can be shown, or if the database can't be reached.
    pub async fn post_update(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        draft: &Draft,
        waited: Duration,
    ) -> Result<PostedUpdate> {
        self.post_marked_update(caller, slug, op_id, draft, &[], waited)
            .await
            .map(|result| result.update())
    }

    /// The same, of an update that is marked from the first. The result names what of it readers don't get.
    ///
    /// # Errors
    /// As [`Newsroom::post_update`]; and [`Error::Forbidden`] if it is to be pinned in the place of one that
    /// isn't the caller's to edit.
    pub async fn post_marked_update(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        draft: &Draft,
        marks: &[Mark],
        waited: Duration,
    ) -> Result<PostResult> {
        may_post(caller)?;
        let rendered = self.render_markdown(&draft.source).await?;
        check_visible(&rendered, draft.headline.as_ref())?;
        let Rendered { html, removed } = rendered;
        let post = Post {
            author: caller.clone(),
            slug: slug.clone(),
            op_id: op_id.clone(),
            draft: draft.clone(),
            html,
            marks: marks.to_vec(),
            waited,
        };
        let posted = self.posts.write(post).await?;
        self.wait_until_published(posted.rev).await;
        // Of the same text, so the same again whenever the request is sent again.
        Ok(PostResult::new(posted, removed))
    }

    /// Gives an update another text, and returns its entry and what readers don't get. The same text again changes nothing.
    ///
    /// # Errors
    /// As [`Newsroom::patch_update`].
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

    /// Changes the fields of an update that `patch` names, all of them or none, and returns its entry and
    /// what readers don't get. A request that was done before under `op_id` changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if it isn't the caller's to edit, or is to be pinned in the place of one that
    /// isn't; [`Error::NotFound`] if there is no such update, [`Error::Removed`] if it is deleted,
    /// [`Error::Invalid`] if nothing of the text can be shown, [`Error::IdempotencyConflict`] if the `op_id` stands for
    /// another request, or if the database can't be reached.
    pub async fn patch_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        patch: &UpdatePatch,
        op_id: Option<&OpId>,
    ) -> Result<EditedUpdate> {
        may_post(caller)?;
        let (number, parts) = (id.to_string(), patch.parts());
        let parts = ["patch-update", &number]
            .into_iter()
            .chain(parts.iter().map(|part| &**part));
        let request = NamedRequest::new(caller, op_id, parts);
        // Permission first, then the work, and only then the feed's counter, which others wait for.
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
            // What the patch leaves out is what it is by now, whoever changed it in between.
            let (entry, before) = editable(revision.snapshot(), caller, id).await?;
            if before.deleted_at.is_some() {
                return Err(Error::Removed);
            }
            let after = self.patched(&before, patch, rendered)?;
            if after.pinned && !before.pinned {
                may_pin(revision.snapshot(), caller, entry.id).await?;
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

    /// What the author of an update typed and readers don't get.
    ///
    /// # Errors
    /// As [`Newsroom::editable_update`].
    pub async fn removed_from(&self, caller: &Caller, id: UpdateId) -> Result<Vec<String>> {
        let (_, update) = self.editable_update(caller, id).await?;
        let source = Source::from_stored(update.source);
        Ok(self.render_markdown(&source).await?.removed)
    }

    /// What `before` becomes by `patch`, of which `rendered` is made of the source.
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

    /// Deletes an update from every page, and returns its entry. Deleting it again changes nothing for
    /// readers; what an editor deletes, too, its author can't restore any more.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if it isn't the caller's to edit, [`Error::NotFound`] if there is no such
    /// update, [`Error::IdempotencyConflict`] if the `op_id` stands for another request, or if the database can't be
    /// reached.
    pub async fn delete_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        may_post(caller)?;
        let number = id.to_string();
        let request = NamedRequest::new(caller, op_id, ["delete-update", &number]);
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

    /// Restores a deleted update on every page, in its old place, and returns its entry.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if it isn't the caller's to edit, was deleted by somebody else and the caller
    /// is no editor, or was deleted too long ago; [`Error::NotFound`] if there is no such update,
    /// [`Error::IdempotencyConflict`] if the `op_id` stands for another request, or if the database can't be reached.
    pub async fn restore_update(
        &self,
        caller: &Caller,
        id: UpdateId,
        op_id: Option<&OpId>,
    ) -> Result<Entry> {
        may_post(caller)?;
        let number = id.to_string();
        let request = NamedRequest::new(caller, op_id, ["restore-update", &number]);
        self.change(async {
            let mut revision = self.store.revise().await?;
            if let Some(outcome) = request.earlier_outcome(revision.snapshot()).await? {
                return entry_of(revision.snapshot(), outcome).await;
            }
            let (entry, update) = editable(revision.snapshot(), caller, id).await?;
            let now = self.clock.now();
            if let Some(deleted_at) = update.deleted_at {
                if !may_restore(caller, &update) {
                    return Err(Error::Forbidden(
                        "An editor deleted this update; only an editor can restore it.",
                    ));
                }
                if deleted_at.plus_micros(UNDO_WINDOW) < now || update.source.is_empty() {
                    return Err(Error::Forbidden(
                        "This update was deleted more than ten minutes ago; its text is gone.",
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

    /// Sets a mark on an update, or removes it, and returns its entry. One update of an entry is pinned
    /// at most: pinning another takes the pin from it. The same again changes nothing.
    ///
    /// # Errors
    /// As [`Newsroom::patch_update`].
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

    /// An update that the caller may edit, to fill the form with.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if it isn't the caller's to edit, [`Error::NotFound`] if there is no such
    /// update, [`Error::Removed`] if it is deleted, or if the database can't be reached.
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

    /// What the feed says of an update by now, if only that it is deleted; and its entry, a draft too.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller has no desk, [`Error::NotFound`] if there is no such update, or
    /// if the database can't be reached.
    pub async fn last_change(&self, caller: &Caller, id: UpdateId) -> Result<(Entry, Change)> {
        may_post(caller)?;
        let unknown = Error::NotFound("update");
        let mut snapshot = self.store.snapshot().await?;
        let update = snapshot.update(id).await?.ok_or(unknown.clone())?;
        let entry = snapshot.entry(update.entry_id).await?.ok_or(unknown)?;
        let change = change(&self.cards, &entry, &update);
        Ok((entry, change))
    }
}

pub(crate) fn may_post(caller: &Caller) -> Result<()> {
    if caller.role.may_post() {
        Ok(())
    } else {
        Err(Error::Forbidden("Your account may read, but not post."))
    }
}

/// Refuses to take the pin from what isn't the caller's to edit.
pub(crate) async fn may_pin(
    snapshot: &mut Snapshot,
    caller: &Caller,
    entry: EntryId,
) -> Result<()> {
    let highlights = snapshot.highlights(entry).await?;
    let pinned = highlights.iter().find(|update| update.pinned);
    if pinned.is_none_or(|update| may_edit(caller, update)) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Somebody else's update is pinned; an editor can pin this one in its place, or its author can unpin theirs first.",
        ))
    }
}

pub(crate) fn may_edit(caller: &Caller, update: &LiveUpdate) -> bool {
    update.author_id == caller.id || caller.role.may_edit_others()
}

/// Whether the caller may restore a deleted update that is theirs to edit. An editor's deletion is not
/// its author's to undo.
pub(crate) fn may_restore(caller: &Caller, update: &LiveUpdate) -> bool {
    caller.role.may_edit_others() || update.deleted_by.is_none_or(|by| by == caller.id)
}

/// The entry that an earlier outcome is about.
async fn entry_of(snapshot: &mut Snapshot, outcome: Outcome) -> Result<Entry> {
    let unknown = Error::NotFound("update");
    let entry = match outcome {
        Outcome::UpdatePatched(id)
        | Outcome::UpdateDeleted(id)
        | Outcome::UpdateRestored(id)
        | Outcome::Posted(PostedUpdate { id, .. }) => {
            let update = snapshot.update(id).await?.ok_or(unknown.clone())?;
            update.entry_id
        }
        Outcome::Created(id) | Outcome::EntryPatched(id) => id,
    };
    snapshot.entry(entry).await?.ok_or(unknown)
}

async fn editable(
    snapshot: &mut Snapshot,
    caller: &Caller,
    id: UpdateId,
) -> Result<(Entry, LiveUpdate)> {
    may_post(caller)?;
    let unknown = Error::NotFound("update");
    let update = snapshot.update(id).await?.ok_or(unknown.clone())?;
    if may_edit(caller, &update) {
        let entry = snapshot.entry(update.entry_id).await?.ok_or(unknown)?;
        Ok((entry, update))
    } else {
        Err(Error::Forbidden(
            "This update is somebody else's; an editor can change it.",
        ))
    }
}

/// Refuses what no reader would see anything of.
fn check_visible(rendered: &Rendered, headline: Option<&Headline>) -> Result<()> {
    if rendered.html.is_visible() || headline.is_some() {
        return Ok(());
    }
    let is_picture = |what: &String| what.starts_with("image");
    let why = match not_shown(&rendered.removed) {
        Some(sentence) if rendered.removed.iter().any(is_picture) => format!(
            "{sentence} A picture needs an address on the web, as in https://example.org/picture.jpg."
        ),
        Some(sentence) => sentence,
        None => "It contains no visible character.".to_owned(),
    };
    Err(Error::Invalid(Invalid::new(
        "source",
        format!("Nothing of this text can be shown. {why}"),
    )))
}
