//! What an author asks the server to do.

use std::pin::pin;

use domain::{ATTEMPT_DEADLINE_MS, not_shown};
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
}

/// What the server did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Done {
    /// The update that was published or changed.
    pub update: i64,
    /// A sentence about content that was removed from the text, if some was.
    pub removed: Option<String>,
}

impl Request {
    /// Returns the text of the request, if it has one.
    pub const fn text(&self) -> Option<&Text> {
        match self {
            Self::Post { text, .. } => Some(text),
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
    match stored.request.clone() {
        Request::Post { text, draft: _ } => {
            let posted = post_update(
                stored.slug.clone(),
                stored.op_id.clone(),
                text.source,
                text.headline,
                stored.account.parse().ok(),
                text.key,
                text.pinned,
                written_at,
            )
            .await?;
            Ok(Done {
                update: posted.id.0,
                removed: not_shown(&posted.removed),
            })
        }
    }
}
