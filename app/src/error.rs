//! The error of a server function.

#[cfg(feature = "ssr")]
use axum::http::StatusCode;
use domain::{AttemptResult, EditConflict};
use leptos::prelude::FromServerFnError;
use leptos::server_fn::{codec::JsonEncoding, error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// The error of a server function. Its message is a sentence to show to the author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum AppError {
    /// No session, or an expired one.
    #[error("{0}")]
    #[serde(rename = "LoggedOut")]
    Unauthenticated(String),
    /// The request is invalid or not allowed. Repeating it will not help.
    #[error("{0}")]
    Refused(String),
    /// The update was edited by somebody else meanwhile. Nothing was changed.
    #[error("{0}")]
    Conflict(Box<EditConflict>),
    /// The update was deleted meanwhile. Nothing was changed.
    #[error("{0}")]
    Removed(String),
    /// The server could not process the request. A retry may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// No response from the server: it was not reached in time, or a proxy responded with an error
    /// page. The request may have been processed or not.
    #[error("The server can't be reached.")]
    Unreachable,
}

impl AppError {
    /// Returns the result of an attempt to post that failed with this error.
    pub const fn attempt_result(&self) -> AttemptResult {
        match self {
            Self::Unauthenticated(_) => AttemptResult::Unauthenticated,
            Self::Refused(_) | Self::Conflict(_) | Self::Removed(_) => AttemptResult::Refused,
            Self::Unavailable(_) => AttemptResult::Unavailable,
            Self::Unreachable => AttemptResult::NoResponse,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// Maps errors of the transport. On the server, a deserialization error is about the request,
    /// which is rejected. In the browser, it is about the response: it did not come from this
    /// server, whatever its status, and the outcome of the request is unknown.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => {
                set_status(StatusCode::BAD_REQUEST);
                Self::Refused("The server did not understand the request.".to_owned())
            }
            _ => Self::Unreachable,
        }
    }
}

#[cfg(feature = "ssr")]
impl AppError {
    /// Returns the error for a response with this status and sentence.
    pub fn of_status(status: StatusCode, sentence: String) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated(sentence),
            StatusCode::GONE => Self::Removed(sentence),
            // A retry of the same request may succeed.
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Self::Unavailable(sentence)
            }
            status if status.is_server_error() => Self::Unavailable(sentence),
            _ => Self::Refused(sentence),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<newsroom::Error> for AppError {
    /// Also sets the response's status, and logs the cause of a server failure.
    fn from(error: newsroom::Error) -> Self {
        let status = status_of(&error);
        set_status(status);
        error.log_failure("a server function failed");
        match error {
            newsroom::Error::Conflict(conflict) => Self::Conflict(conflict),
            error => Self::of_status(status, error.to_string()),
        }
    }
}

/// Returns the HTTP status of an error.
#[cfg(feature = "ssr")]
pub fn status_of(error: &newsroom::Error) -> StatusCode {
    use newsroom::Error;

    match error {
        Error::Invalid(_) | Error::IdempotencyConflict => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound(_) | Error::LinkExpired(_) | Error::DraftGone => StatusCode::NOT_FOUND,
        Error::Forbidden(_) | Error::Sanctioned(_) => StatusCode::FORBIDDEN,
        Error::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unauthenticated | Error::OtherAccount | Error::WrongPassword => {
            StatusCode::UNAUTHORIZED
        }
        Error::Removed | Error::Reset(_) => StatusCode::GONE,
        Error::Conflict(_) | Error::DraftConflict(_) | Error::NickTaken(_) => StatusCode::CONFLICT,
        Error::Unavailable(_) | Error::DiskFull(_) | Error::OutcomeUnknown(_) | Error::Busy => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Corrupt { .. } | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(feature = "ssr")]
fn set_status(status: StatusCode) {
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}
