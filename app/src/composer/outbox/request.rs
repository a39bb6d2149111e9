//! What an author asks the server to do.

use std::pin::pin;

use domain::{ATTEMPT_DEADLINE_MS, AccountId, Mark, not_shown};
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use serde::{Deserialize, Serialize};

use crate::{
    AppError,
    composer::{
        api::post_update,
        storage::{
            outbox::StoredRequest,
            texts::{DraftVersion, Text},
        },
    },
    editor::{delete_update, edit_update, mark_update, restore_update},
};

/// What to do. Stored in the browser, so its form may only be extended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Publish an update.
    Post {
        /// Its text.
        #[serde(flatten)]
        text: Text,
        /// The draft on the server that it was, to be deleted with the publication.
        draft: Option<DraftVersion>,
    },
    /// Replace the text of an update.
    Edit {
        /// The update's id.
        update: i64,
        /// The cursor of the version that the author started from.
        base: String,
        /// The new text.
        #[serde(flatten)]
        text: Text,
    },
    /// Delete an update.
    Delete {
        /// The update's id.
        update: i64,
    },
    /// Restore a deleted update.
    Restore {
        /// The update's id.
        update: i64,
    },
    /// Set or remove a mark of an update.
    Mark {
        /// The update's id.
        update: i64,
        /// The mark.
        mark: Mark,
        /// Whether the update is to have it.
        on: bool,
    },
}

/// What the server did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Done {
    /// The update that was published or changed.
    pub update: i64,
    /// A sentence about content that was removed from the text, if some was.
    pub removed: Option<String>,
}

impl Done {
    const fn of(update: i64) -> Self {
        Self {
            update,
            removed: None,
        }
    }
}

impl Request {
    /// Returns what the request does, as a heading.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Post { .. } => "New update",
            Self::Edit { .. } => "Edit",
            Self::Delete { .. } => "Deletion",
            Self::Restore { .. } => "Restoration",
            Self::Mark { mark, on, .. } => match (mark, on) {
                (Mark::Key, true) => "Mark as key",
                (Mark::Key, false) => "Unmark as key",
                (Mark::Pinned, true) => "Pin",
                (Mark::Pinned, false) => "Unpin",
            },
        }
    }

    /// Returns the text of the request, if it has one.
    pub const fn text(&self) -> Option<&Text> {
        match self {
            Self::Post { text, .. } | Self::Edit { text, .. } => Some(text),
            Self::Delete { .. } | Self::Restore { .. } | Self::Mark { .. } => None,
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
            Ok(Done {
                update: posted.id.0,
                removed: not_shown(&posted.removed),
            })
        }
        Request::Edit { update, base, text } => {
            let (source, headline) = (text.source, text.headline);
            let edited = edit_update(update.into(), op_id, source, headline, base, account);
            Ok(Done {
                update,
                removed: not_shown(&edited.await?.removed),
            })
        }
        Request::Delete { update } => {
            delete_update(update.into(), op_id, account).await?;
            Ok(Done::of(update))
        }
        Request::Restore { update } => {
            restore_update(update.into(), op_id, account).await?;
            Ok(Done::of(update))
        }
        Request::Mark { update, mark, on } => {
            mark_update(update.into(), op_id, mark, on, account).await?;
            Ok(Done::of(update))
        }
    }
}
