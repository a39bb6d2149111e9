//! The server functions of the editor in an entry's page. Those that change something are sent
//! again under the same `op_id` until a response arrives, and change it once.

use domain::{AccountId, ArticleSource, EditResult, EntryId, Mark, UpdateId, UpdateSource};
use leptos::{prelude::*, server_fn::codec::Json};

use crate::AppError;

/// Returns the text and the marks of an update that the caller may edit, and the base of an edit of
/// them.
///
/// # Errors
/// [`AppError::Removed`] if the update was deleted; else if no account is logged in, if it may not
/// edit the update, or if the server fails.
#[server(name = LoadUpdateSource, prefix = "/fn", endpoint = "update_source", input = Json)]
pub async fn update_source(
    /// The update's id.
    id: UpdateId,
) -> Result<UpdateSource, AppError> {
    let load = async {
        let request = crate::PageRequest::current();
        let newsroom = crate::request::newsroom();
        newsroom.update_source(request.caller()?, id).await
    };
    Ok(load.await?)
}

/// Replaces the text and the headline of an update.
///
/// # Errors
/// [`AppError::Conflict`] if the text is not the one that the edit is based on, and
/// [`AppError::Removed`] if the update was deleted; else if no account is logged in, if the edit is
/// invalid or not allowed, or if the server fails. Nothing was changed then.
#[server(prefix = "/fn", endpoint = "edit_update", input = Json)]
pub async fn edit_update(
    /// The update's id.
    id: UpdateId,
    /// The operation id, which the client generates for each edit.
    op_id: String,
    /// The text, as Markdown.
    source: String,
    /// The headline; empty for none.
    headline: String,
    /// The base of the edit, as [`update_source`], the last edit or a conflict returned it.
    base: String,
    /// The account that made the request.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<EditResult, AppError> {
    use domain::{Cursor, Draft, OpId};

    let edit = async {
        let request = crate::PageRequest::current();
        let op_id = OpId::parse(&op_id)?;
        let draft = Draft::parse(&source, &headline)?;
        let base = Cursor::parse_base(&base);
        let newsroom = crate::request::newsroom();
        newsroom
            .edit_update(
                request.caller_as(account)?,
                id,
                &draft,
                Some(&op_id),
                Some(&base),
            )
            .await
    };
    let edited = edit.await?;
    Ok(EditResult {
        base: edited.base,
        removed: edited.removed,
    })
}

/// Deletes an update. It can be restored for ten minutes.
///
/// # Errors
/// If no account is logged in, or not `account`; if it may not delete the update, or if
/// the server fails.
#[server(prefix = "/fn", endpoint = "delete_update", input = Json)]
pub async fn delete_update(
    /// The update's id.
    id: UpdateId,
    /// The operation id, which the client generates for each deletion.
    op_id: String,
    /// The account that made the request.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<(), AppError> {
    use domain::OpId;

    let delete = async {
        let request = crate::PageRequest::current();
        let op_id = OpId::parse(&op_id)?;
        let newsroom = crate::request::newsroom();
        newsroom
            .delete_update(request.caller_as(account)?, id, Some(&op_id), None)
            .await
    };
    delete.await?;
    Ok(())
}

/// Restores a deleted update at its original position.
///
/// # Errors
/// If no account is logged in, or not `account`; if it may not restore the update, if it
/// was deleted more than ten minutes ago, or if the server fails.
#[server(prefix = "/fn", endpoint = "restore_update", input = Json)]
pub async fn restore_update(
    /// The update's id.
    id: UpdateId,
    /// The operation id, which the client generates for each restoration.
    op_id: String,
    /// The account that made the request.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<(), AppError> {
    use domain::OpId;

    let restore = async {
        let request = crate::PageRequest::current();
        let op_id = OpId::parse(&op_id)?;
        let newsroom = crate::request::newsroom();
        newsroom
            .restore_update(request.caller_as(account)?, id, Some(&op_id))
            .await
    };
    restore.await?;
    Ok(())
}

/// Sets or removes a mark of an update.
///
/// # Errors
/// [`AppError::Removed`] if the update was deleted; else if no account is logged in, if it may not
/// mark the update, or if the server fails.
#[server(prefix = "/fn", endpoint = "mark_update", input = Json)]
pub async fn mark_update(
    /// The update's id.
    id: UpdateId,
    /// The operation id, which the client generates for each change of a mark.
    op_id: String,
    /// The mark.
    mark: Mark,
    /// Whether the update is to have the mark.
    on: bool,
    /// The account that made the request.
    #[server(default)]
    account: Option<AccountId>,
) -> Result<(), AppError> {
    use domain::OpId;

    let set = async {
        let request = crate::PageRequest::current();
        let op_id = OpId::parse(&op_id)?;
        let newsroom = crate::request::newsroom();
        newsroom
            .mark_update(request.caller_as(account)?, id, mark, on, Some(&op_id))
            .await
    };
    set.await?;
    Ok(())
}

/// Returns the article of an entry to edit, and the base of the edit.
///
/// # Errors
/// If no account is logged in, if it may not manage live blogs, or if the server fails.
#[server(name = LoadArticleSource, prefix = "/fn", endpoint = "article_source", input = Json)]
pub async fn article_source(
    /// The entry's id.
    entry: EntryId,
) -> Result<ArticleSource, AppError> {
    let load = async {
        let request = crate::PageRequest::current();
        let newsroom = crate::request::newsroom();
        newsroom.article_to_edit(request.caller()?, entry).await
    };
    Ok(load.await?)
}

/// Replaces the article of an entry; an empty text removes it.
///
/// # Errors
/// [`AppError::Conflict`] if the article is not the one that the edit is based on; else if no
/// account is logged in, if the edit is invalid or not allowed, or if the server fails. Nothing was
/// changed then.
#[server(prefix = "/fn", endpoint = "edit_article", input = Json)]
pub async fn edit_article(
    /// The entry's id.
    entry: EntryId,
    /// The operation id, which the client generates for each edit.
    op_id: String,
    /// The text, as Markdown.
    source: String,
    /// The base of the edit, as [`article_source`] or a conflict returned it.
    base: String,
    /// The account that made the request.
    account: AccountId,
) -> Result<EditResult, AppError> {
    use domain::{Article, Cursor, OpId};

    let edit = async {
        let request = crate::PageRequest::current();
        let caller = request.caller_as(Some(account))?;
        let op_id = OpId::parse(&op_id)?;
        let article = Article::parse(&source)?;
        let base = Cursor::parse_base(&base);
        let newsroom = crate::request::newsroom();
        newsroom
            .edit_article(caller, entry, &article, Some(&op_id), Some(&base))
            .await
    };
    Ok(edit.await?)
}
