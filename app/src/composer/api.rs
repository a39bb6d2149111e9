//! The composer's server function.

use domain::PostResult;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::AppError;

/// Publishes an update to the entry named `slug`, as whoever is logged in. The same `op_id` with the same text publishes once.
///
/// # Errors
/// With the sentence to show: nobody is logged in, the text can't be taken, or the server can't.
#[server(prefix = "/fn", endpoint = "post_update", input = Json)]
pub async fn post_update(
    /// The entry's name in addresses.
    slug: String,
    /// The client's name for this act of posting.
    op_id: String,
    /// The text, as Markdown.
    source: String,
    /// The line above it; empty for none.
    headline: String,
    /// How long it lay on the author's machine, in milliseconds.
    waited_ms: u64,
) -> Result<PostResult, AppError> {
    use std::time::Duration;

    use domain::{Draft, OpId, Slug};

    let post = async {
        let request = crate::PageRequest::current();
        let slug = Slug::parse(&slug)?;
        let op_id = OpId::parse(&op_id)?;
        let draft = Draft::parse(&source, &headline)?;
        let waited = Duration::from_millis(waited_ms);
        let newsroom = crate::request::newsroom();
        newsroom
            .post_marked_update(request.caller()?, &slug, &op_id, &draft, &[], waited)
            .await
    };
    Ok(post.await?)
}
