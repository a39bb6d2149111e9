//! Sends a request to the server.

use std::pin::pin;

use domain::{ATTEMPT_DEADLINE_MS, AccountId, EntryId, not_shown};
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;

use crate::{
    AppError,
    composer::{
        api::post_update,
        storage::{request::Request, requests::StoredRequest},
    },
    editor::{delete_update, edit_article, edit_update, mark_update, restore_update},
};

/// What the server did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Done {
    /// A sentence about content that was removed from the text, if some was.
    pub removed: Option<String>,
}

impl Done {
    fn without(removed: &[String]) -> Self {
        Self {
            removed: not_shown(removed),
        }
    }
}

/// Makes one attempt to carry out a request, with a deadline. `written_at` is the time by which an
/// update is placed, if not by its arrival.
///
/// # Errors
/// See the server functions. [`AppError::Unreachable`] at the deadline.
pub async fn attempt(stored: &StoredRequest, written_at: Option<i64>) -> Result<Done, AppError> {
    let response = send(stored, written_at);
    let deadline = TimeoutFuture::new(ATTEMPT_DEADLINE_MS);
    match select(pin!(response), pin!(deadline)).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => Err(AppError::Unreachable),
    }
}

async fn send(stored: &StoredRequest, written_at: Option<i64>) -> Result<Done, AppError> {
    let account: Option<AccountId> = stored.account.parse().ok();
    let op_id = stored.op_id.clone();
    match stored.request.clone() {
        Request::Post { text, draft } => {
            let posted = post_update(
                stored.slug.clone(),
                op_id,
                text.source,
                text.headline,
                account,
                text.key,
                text.pinned,
                written_at,
                draft.map(|draft| draft.id),
            )
            .await?;
            Ok(Done::without(&posted.removed))
        }
        Request::Edit { update, base, text } => {
            let (source, headline) = (text.source, text.headline);
            let edited = edit_update(update.into(), op_id, source, headline, base, account);
            Ok(Done::without(&edited.await?.removed))
        }
        Request::Article { base, text } => {
            let (Ok(entry), Some(account)) = (stored.entry.parse::<EntryId>(), account) else {
                // Never happens: both are numbers that the server gave.
                return Err(AppError::Unreachable);
            };
            let edited = edit_article(entry, op_id, text.source, base, account).await?;
            Ok(Done::without(&edited.removed))
        }
        Request::Delete { update } => {
            delete_update(update.into(), op_id, account).await?;
            Ok(Done::default())
        }
        Request::Restore { update } => {
            restore_update(update.into(), op_id, account).await?;
            Ok(Done::default())
        }
        Request::Mark { update, mark, on } => {
            mark_update(update.into(), op_id, mark, on, account).await?;
            Ok(Done::default())
        }
    }
}
