//! The error of a server function.

use domain::AttemptResult;
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
            Self::Refused(_) => AttemptResult::Refused,
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
                set_status(axum::http::StatusCode::BAD_REQUEST);
                Self::Refused("The server did not understand the request.".to_owned())
            }
            _ => Self::Unreachable,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<newsroom::Error> for AppError {
    /// Also sets the response's status, and logs the cause of a server failure.
    fn from(error: newsroom::Error) -> Self {
        use newsroom::Error;

        set_status(crate::request::status_of(&error));
        let message = error.to_string();
        match error {
            Error::Unauthenticated => Self::Unauthenticated(message),
            error if error.is_server_failure() => {
                error.log_failure("a server function failed");
                Self::Unavailable(message)
            }
            _ => Self::Refused(message),
        }
    }
}

#[cfg(feature = "ssr")]
fn set_status(status: axum::http::StatusCode) {
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}
