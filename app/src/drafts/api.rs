//! The server functions of drafts.

use domain::{AccountId, DraftDiscardResult, DraftSaveResult, DraftSummary, UpdateDraft};
use leptos::{prelude::*, server_fn::codec::Json};

use crate::AppError;

/// Returns the drafts of the account that is logged in, for the entry with this slug, the last
/// changed first. They contain the first words of the text; [`my_draft`] returns all of it.
///
/// # Errors
/// If no account is logged in, or not `account`; if there is no such entry, or if the server fails.
#[server(prefix = "/fn", endpoint = "my_drafts", input = Json)]
pub async fn my_drafts(
    /// The entry's slug.
    slug: String,
    /// The account whose drafts they are.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<Vec<DraftSummary>, AppError> {
    let list = async {
        let request = crate::PageRequest::current();
        let slug = domain::Slug::parse(&slug)?;
        let newsroom = crate::request::newsroom();
        newsroom
            .entry_drafts(request.caller_as(account)?, &slug)
            .await
    };
    Ok(list.await?)
}

/// Returns a draft of the account that is logged in; `None` if there is no such draft, for example
/// because it was posted or discarded.
///
/// # Errors
/// If no account is logged in, or not `account`; if there is no such entry, or if the server fails.
#[server(prefix = "/fn", endpoint = "my_draft", input = Json)]
pub async fn my_draft(
    /// The entry's slug.
    slug: String,
    /// The draft's id.
    id: i64,
    /// The account whose drafts they are.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<Option<UpdateDraft>, AppError> {
    let read = async {
        let request = crate::PageRequest::current();
        let slug = domain::Slug::parse(&slug)?;
        let newsroom = crate::request::newsroom();
        let draft = newsroom.draft(request.caller_as(account)?, &slug, domain::DraftId(id));
        draft.await
    };
    match read.await {
        Ok((_, draft)) => Ok(Some(draft)),
        Err(newsroom::Error::DraftGone) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Saves a draft, new or changed, as the account that is logged in. Calls with the same `op_id` and
/// the same text save once, and return the same result.
///
/// # Errors
/// If no account is logged in, or not `account`; if the text is too long or empty, if the account
/// may not post or has too many drafts, or if the server fails. The error is a sentence to show.
#[server(prefix = "/fn", endpoint = "save_draft", input = Json)]
pub async fn save_draft(
    /// The entry's slug.
    slug: String,
    /// The id of the draft to change; `None` for a new one.
    #[server(default)]
    id: Option<i64>,
    /// The operation id, which the client generates for each text that it saves.
    op_id: String,
    /// The text, as Markdown. It may be incomplete.
    source: String,
    /// The headline; empty for none.
    headline: String,
    /// The version that the change is based on; `None` for a new draft.
    #[server(default)]
    version: Option<i64>,
    /// The account whose drafts they are.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<DraftSaveResult, AppError> {
    use domain::{DraftId, OpId, Slug};
    use newsroom::{DraftPatch, Error};

    let save = async {
        let request = crate::PageRequest::current();
        let (slug, op_id) = (Slug::parse(&slug)?, OpId::parse(&op_id)?);
        let text = DraftPatch::parse(Some(&source), Some(&headline))?;
        let (caller, newsroom) = (request.caller_as(account)?, crate::request::newsroom());
        let Some(id) = id.map(DraftId) else {
            return newsroom.create_draft(caller, &slug, &op_id, &text).await;
        };
        // Without a version, the author has not seen the text. No version is 0.
        let base = Some(version.unwrap_or_default());
        let change = newsroom.change_draft(caller, &slug, id, base, &text, Some(&op_id));
        change.await
    };
    match save.await {
        Ok(saved) => Ok(DraftSaveResult::Saved(saved)),
        Err(Error::DraftConflict(current)) => Ok(DraftSaveResult::Conflict(*current)),
        Err(Error::DraftGone) => Ok(DraftSaveResult::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Discards a draft of the account that is logged in, unless it was changed since `version`.
/// Discarding it again changes nothing.
///
/// # Errors
/// If no account is logged in, or not `account`; or if the server fails.
#[server(prefix = "/fn", endpoint = "discard_draft", input = Json)]
pub async fn discard_draft(
    /// The draft's id.
    id: i64,
    /// The version that the author has seen; `None` to discard any.
    #[server(default)]
    version: Option<i64>,
    /// The account whose drafts they are.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<DraftDiscardResult, AppError> {
    use newsroom::Error;

    let discard = async {
        let request = crate::PageRequest::current();
        let newsroom = crate::request::newsroom();
        let discard =
            newsroom.discard_draft(request.caller_as(account)?, domain::DraftId(id), version);
        discard.await
    };
    match discard.await {
        Ok(()) | Err(Error::DraftGone) => Ok(DraftDiscardResult::Discarded),
        Err(Error::DraftConflict(current)) => Ok(DraftDiscardResult::Conflict(*current)),
        Err(error) => Err(error.into()),
    }
}
