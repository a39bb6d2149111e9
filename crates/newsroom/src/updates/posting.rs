//! Use cases of updates: posting. `editing` has those of published updates.

use std::time::Duration;

use domain::{
    Caller, Draft, Headline, Invalid, Mark, OpId, PostResult, PostedUpdate, Slug, not_shown,
};

use crate::{
    Error, Newsroom, Rendered, Result, permissions::check_may_post, writes::group_commit::Post,
};

impl Newsroom {
    /// Publishes an update that waited `waited` on its author's machine. A request that repeats an
    /// `op_id` with the same draft returns the first result, and publishes nothing.
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
        waited: Duration,
    ) -> Result<PostedUpdate> {
        self.post_marked_update(caller, slug, op_id, draft, &[], waited)
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
        waited: Duration,
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
            waited,
        };
        let posted = self.posts.write(post).await?;
        self.wait_until_published(posted.rev).await;
        // Rendered from the same text, so equal whenever the request is repeated.
        Ok(PostResult::new(posted, removed))
    }
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
