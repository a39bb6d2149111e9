//! What a server function tells the browser when it didn't do what it was asked.

use domain::AttemptResult;
use leptos::prelude::FromServerFnError;
use leptos::server_fn::{codec::JsonEncoding, error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why a server function did nothing: safe to show, each with the sentence to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum AppError {
    /// Nobody is logged in (any more).
    #[error("{0}")]
    #[serde(rename = "LoggedOut")]
    Unauthenticated(String),
    /// What was sent can't be taken as it is.
    #[error("{0}")]
    Refused(String),
    /// The server can't at the moment; the same again may go through.
    #[error("{0}")]
    Unavailable(String),
    /// No answer of ours came: the server was not reached in time, or something else answered, as a proxy
    /// with its error page. What was asked for may be done or not.
    #[error("The server can't be reached.")]
    Unreachable,
}

impl AppError {
    /// Returns what an attempt to post that failed with this came to.
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

    /// On the server, what can't be decoded is the request, and it is refused. In the browser it is the
    /// response: then it isn't ours, whatever its status, and nothing is known of the request.
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
    /// Also sets the answer's status; the cause of what is the server's fault goes to the log.
    fn from(error: newsroom::Error) -> Self {
        use newsroom::Error;

        set_status(crate::request::status_of(&error));
        let sentence = error.to_string();
        match error {
            Error::Unauthenticated => Self::Unauthenticated(sentence),
            error if error.is_server_failure() => {
                error.log_failure("a server function failed");
                Self::Unavailable(sentence)
            }
            _ => Self::Refused(sentence),
        }
    }
}

#[cfg(feature = "ssr")]
fn set_status(status: axum::http::StatusCode) {
    if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}
