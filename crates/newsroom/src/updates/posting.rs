//! Use cases of updates: posting. `editing` has those of published updates.

use domain::{
    Caller, Draft, DraftId, EntryState, Headline, Invalid, Mark, OpId, PostResult, PostedUpdate,
    Slug, Timestamp, not_shown,
};

use crate::{
    Entry, Error, Newsroom, Rendered, Result, SafeHtml,
    permissions::{check_may_pin, check_may_post},
    storage::{NewUpdate, Outcome, Revision, Snapshot},
    writes::idempotency::IdempotentWrite,
};

/// How long ago a post may have been written to be placed by that time: 7 days, in microseconds. A
/// larger difference is more likely an error than a wait.
const MAX_WAIT: i64 = 7 * 24 * 60 * 60 * 1_000_000;

impl Newsroom {
    /// Publishes an update. `written_at` is the time, by the server's clock, at which its author
    /// posted it; it is the update's place in the list, unless it is before the entry's start or
    /// more than 7 days ago. Without it, the update is placed by its arrival. A request that
    /// repeats an `op_id` with the same draft returns the first result, and publishes nothing.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not post or the entry has ended,
    /// [`Error::NotFound`] if there is no such entry, [`Error::IdempotencyConflict`] if the `op_id`
    /// was used for a different request, [`Error::Invalid`] if no part of the text is visible, and
    /// an error if the database can't be reached.
    pub async fn post_update(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        draft: &Draft,
        written_at: Option<Timestamp>,
    ) -> Result<PostedUpdate> {
        self.post_marked_update(caller, slug, op_id, draft, &[], written_at)
            .await
            .map(|result| result.update())
    }

    /// Publishes an update that is marked from the start. The result lists what was removed from
    /// the text for safety.
    ///
    /// # Errors
    /// See [`Newsroom::post_update`]; also [`Error::Forbidden`] if pinning it would unpin an update
    /// that the caller may not edit.
    pub async fn post_marked_update(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        draft: &Draft,
        marks: &[Mark],
        written_at: Option<Timestamp>,
    ) -> Result<PostResult> {
        self.post_saved_draft(caller, slug, op_id, draft, marks, written_at, None)
            .await
    }

    /// Publishes an update, and deletes the draft `saved_as` in the same transaction. If the caller
    /// has no such draft for this entry, the update is published all the same, and nothing is
    /// deleted.
    ///
    /// # Errors
    /// See [`Newsroom::post_marked_update`].
    #[expect(clippy::too_many_arguments, reason = "each is a part of the post")]
    pub async fn post_saved_draft(
        &self,
        caller: &Caller,
        slug: &Slug,
        op_id: &OpId,
        draft: &Draft,
        marks: &[Mark],
        written_at: Option<Timestamp>,
        saved_as: Option<DraftId>,
    ) -> Result<PostResult> {
        check_may_post(caller)?;
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
            written_at,
            saved_as,
        };
        let posted = self.write(post).await?;
        // Rendered from the same text, so equal whenever the request is repeated.
        Ok(PostResult::new(posted, removed))
    }

    /// Renders an update that is not published.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not post, and the errors of rendering.
    pub async fn preview(&self, caller: &Caller, draft: &Draft) -> Result<Rendered> {
        check_may_post(caller)?;
        self.render_markdown(&draft.source).await
    }
}

/// A post to write, if its entry accepts it.
#[derive(Debug)]
struct Post {
    author: Caller,
    slug: Slug,
    op_id: OpId,
    /// The submitted text.
    draft: Draft,
    /// The rendered text.
    html: SafeHtml,
    /// The marks: key or pinned.
    marks: Vec<Mark>,
    /// When the author posted it, by the server's clock.
    written_at: Option<Timestamp>,
    /// The draft that the author had saved it as. Not a part of the request's hash: the post is
    /// the same with and without it.
    saved_as: Option<DraftId>,
}

impl IdempotentWrite for Post {
    type Target = Entry;
    type Output = PostedUpdate;

    fn caller(&self) -> &Caller {
        &self.author
    }

    fn op_id(&self) -> Option<&OpId> {
        Some(&self.op_id)
    }

    async fn target(&self, snapshot: &mut Snapshot) -> Result<Entry> {
        let entry = snapshot.entry_by_any_slug(&self.slug).await?;
        entry.ok_or(Error::NotFound("live blog"))
    }

    /// Contains the entry's id, since the slug may have changed when the post is sent again.
    fn parts(&self, entry: &Entry) -> Vec<String> {
        let headline = self.draft.headline.as_ref().map(Headline::to_string);
        let text = [
            entry.id.to_string(),
            headline.unwrap_or_default(),
            self.draft.source.to_string(),
        ];
        let marks = self.marks.iter().map(|mark| mark.as_str().to_owned());
        text.into_iter().chain(marks).collect()
    }

    async fn repeat(&self, _: &mut Snapshot, _: Entry, outcome: Outcome) -> Result<PostedUpdate> {
        match outcome {
            Outcome::Posted(posted) => Ok(posted),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(Outcome, PostedUpdate)> {
        if entry.state == EntryState::Ended {
            return Err(Error::Forbidden(
                "This live blog has ended. Reopen it on its desk page to post to it.",
            ));
        }
        if self.marks.contains(&Mark::Pinned) {
            check_may_pin(revision.snapshot(), &self.author, entry.id).await?;
        }
        if let Some(id) = self.saved_as {
            revision.lock_drafts().await?;
            revision.delete_draft(id, entry.id, self.author.id).await?;
        }
        let update = NewUpdate {
            entry_id: entry.id,
            author_id: self.author.id,
            draft: &self.draft,
            html: &self.html,
            marks: &self.marks,
            posted_at: posted_at(&entry, now, self.written_at),
            published_at: now,
        };
        let posted = PostedUpdate {
            id: revision.add_update(&update).await?,
            rev: revision.last_rev(),
        };
        Ok((Outcome::Posted(posted), posted))
    }
}

/// Returns the time of posting: `written_at`, but not before the entry's start, nor in the future;
/// now if it is unknown, or more than [`MAX_WAIT`] ago.
fn posted_at(entry: &Entry, now: Timestamp, written_at: Option<Timestamp>) -> Timestamp {
    let written_at = written_at.filter(|&at| at >= now.plus_micros(-MAX_WAIT));
    written_at.map_or(now, |at| at.clamp(entry.starts_at.min(now), now))
}

/// Rejects an update without any visible content.
pub(crate) fn check_visible(rendered: &Rendered, headline: Option<&Headline>) -> Result<()> {
    if rendered.html.is_visible() || headline.is_some() {
        return Ok(());
    }
    let is_image = |part: &String| part.starts_with("image");
    let why = match not_shown(&rendered.removed) {
        Some(sentence) if rendered.removed.iter().any(is_image) => format!(
            "{sentence} An image needs a web address, such as https://example.org/picture.jpg."
        ),
        Some(sentence) => sentence,
        None => "Enter some visible text.".to_owned(),
    };
    Err(Error::Invalid(Invalid::new(
        "source",
        format!("This text has no visible content. {why}"),
    )))
}
