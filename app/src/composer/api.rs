//! The server functions of the composer.

#![expect(
    clippy::too_many_arguments,
    reason = "the arguments of a server function are the fields of its request"
)]

use domain::{AccountId, PostResult};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

use crate::AppError;

/// Publishes an update to the entry with this slug, as the account that is logged in. Calls with
/// the same `op_id` and the same text publish once.
///
/// # Errors
/// If no account is logged in, or another one than `account`; if the update is invalid or not
/// allowed, or if the server fails. The error is a sentence to show.
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
    /// The account that wrote it. Pages of earlier releases don't send this.
    #[server(default)]
    account: Option<AccountId>,
    /// Whether it is a key update.
    #[server(default)]
    key: bool,
    /// Whether it is the pinned update.
    #[server(default)]
    pinned: bool,
    /// When the author posted it, by the server's clock, in microseconds; `None` to place it by its
    /// arrival. Pages of earlier releases send `waited_ms` instead, which is ignored.
    #[server(default)]
    written_at: Option<i64>,
    /// The id of the draft on the server that it was saved as, if any, which is deleted.
    #[server(default)]
    draft: Option<i64>,
) -> Result<PostResult, AppError> {
    use domain::{Draft, DraftId, Mark, OpId, Slug, Timestamp};

    let post = async {
        let request = crate::PageRequest::current();
        let caller = request.caller_as(account)?;
        let slug = Slug::parse(&slug)?;
        let op_id = OpId::parse(&op_id)?;
        let text = Draft::parse(&source, &headline)?;
        let marks = Mark::chosen(key, pinned);
        let written_at = written_at.map(Timestamp);
        let saved_as = draft.map(DraftId);
        let newsroom = crate::request::newsroom();
        newsroom
            .post_saved_draft(caller, &slug, &op_id, &text, &marks, written_at, saved_as)
            .await
    };
    Ok(post.await?)
}

/// A text as it will be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The rendered headline and text.
    pub html: String,
    /// What is removed from the text for safety.
    pub removed: Vec<String>,
}

/// Renders a text as it will be published.
///
/// # Errors
/// If no account is logged in, if the text is invalid, or if the server fails.
#[server(prefix = "/fn", endpoint = "preview_update", input = Json)]
pub async fn preview_text(
    /// The text, as Markdown.
    source: String,
    /// The headline; empty for none.
    headline: String,
    /// Whether it is an article. Pages of earlier releases don't send this.
    #[server(default)]
    is_article: bool,
) -> Result<Preview, AppError> {
    use domain::{Article, Draft};

    let preview = async {
        let request = crate::PageRequest::current();
        let caller = request.caller()?;
        let newsroom = crate::request::newsroom();
        Ok::<_, newsroom::Error>(if is_article {
            let article = Article::parse(&source)?;
            let rendered = newsroom.render_article(caller, &article).await?;
            (None, rendered.html, rendered.removed)
        } else {
            let draft = Draft::parse(&source, &headline)?;
            let rendered = newsroom.preview(caller, &draft).await?;
            (draft.headline, rendered.html, rendered.removed)
        })
    };
    let (headline, html, removed) = preview.await?;
    Ok(Preview {
        html: crate::entry::render_preview(headline.as_ref(), &html),
        removed,
    })
}
