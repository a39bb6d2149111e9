//! The server function of the composer.

use domain::PostResult;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::AppError;

/// Publishes an update to the entry with this slug, as the account that is logged in. Calls with
/// the same `op_id` and the same text publish once.
///
/// # Errors
/// If no account is logged in, if the update is invalid or not allowed, or if the server fails. The
/// error is a sentence to show.
#[server(prefix = "/fn", endpoint = "post_update", input = Json)]
pub async fn post_update(
    /// The entry's slug.
    slug: String,
    /// The operation id, which the client generates for each update.
    op_id: String,
    /// The text, as Markdown.
    source: String,
    /// The headline; empty for none.
    headline: String,
    /// The time since the first attempt to post it, in milliseconds.
    waited_ms: u64,
    /// The id of the draft that it was saved as, if any, which is deleted. Pages of earlier
    /// releases don't send it.
    #[server(default)]
    draft: Option<i64>,
) -> Result<PostResult, AppError> {
    use std::time::Duration;

    use domain::{Draft, DraftId, OpId, Slug};

    let post = async {
        let request = crate::PageRequest::current();
        let slug = Slug::parse(&slug)?;
        let op_id = OpId::parse(&op_id)?;
        let text = Draft::parse(&source, &headline)?;
        let saved_as = draft.map(DraftId);
        let waited = Duration::from_millis(waited_ms);
        let newsroom = crate::request::newsroom();
        newsroom
            .post_saved_draft(
                request.caller()?,
                &slug,
                &op_id,
                &text,
                &[],
                waited,
                saved_as,
            )
            .await
    };
    Ok(post.await?)
}
