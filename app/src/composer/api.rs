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
    /// When the author posted it, by the server's clock, in microseconds; `None` if the client does
    /// not know it. Pages of earlier releases send `waited_ms` instead, which is ignored.
    #[server(default)]
    written_at: Option<i64>,
) -> Result<PostResult, AppError> {
    use domain::{Draft, OpId, Slug, Timestamp};

    let post = async {
        let request = crate::PageRequest::current();
        let slug = Slug::parse(&slug)?;
        let op_id = OpId::parse(&op_id)?;
        let draft = Draft::parse(&source, &headline)?;
        let written_at = written_at.map(Timestamp);
        let newsroom = crate::request::newsroom();
        newsroom
            .post_marked_update(request.caller()?, &slug, &op_id, &draft, &[], written_at)
            .await
    };
    Ok(post.await?)
}
