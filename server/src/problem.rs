//! Errors of requests: a status and one sentence. `error_responses` renders them in the route's
//! format.

use app::status_of;
use axum::{
    Extension, Json,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, ETAG, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use domain::Cursor;
use newsroom::Error;

/// The `Cache-Control` of responses that are personal or temporary.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    sentence: String,
    retry_after: Option<u16>,
    field: Option<&'static str>,
    etag: Option<Cursor>,
    as_page: bool,
}

impl Problem {
    /// Creates a problem. `sentence` is displayed to the reader or sent to the API client.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            retry_after: None,
            field: None,
            etag: None,
            as_page: true,
        }
    }

    /// Sets that the problem is never rendered as a page, because rendering failed.
    #[must_use]
    pub const fn text_only(mut self) -> Self {
        self.as_page = false;
        self
    }

    /// Returns whether the problem may be rendered as a page.
    pub const fn can_be_page(&self) -> bool {
        self.as_page
    }

    /// Sets after how many seconds the client may retry.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Returns the status of the response.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the sentence for the client.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Returns the invalid field, if one is.
    pub const fn field(&self) -> Option<&'static str> {
        self.field
    }
}

impl From<Error> for Problem {
    /// Converts an error of the newsroom. Logs the cause of a failure; no other place does.
    fn from(error: Error) -> Self {
        error.log_failure("a request failed");
        let field = match &error {
            Error::Invalid(invalid) => Some(invalid.field),
            _ => None,
        };
        Self {
            field,
            retry_after: error.retry_after(),
            ..Self::new(status_of(&error), error.to_string())
        }
    }
}

impl From<domain::Invalid> for Problem {
    /// Converts an invalid value of a URL or a header to a 400.
    fn from(invalid: domain::Invalid) -> Self {
        Self::new(StatusCode::BAD_REQUEST, invalid.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let headers = [(CACHE_CONTROL, NO_STORE)];
        let sentence = self.sentence.clone();
        let retry = self
            .retry_after
            .map(|seconds| [(RETRY_AFTER, HeaderValue::from(seconds))]);
        let etag = self.etag.map(|base| [(ETAG, format!("\"{base}\""))]);
        // The extension is for the layer that renders errors in the route's format.
        (self.status, headers, retry, etag, Extension(self), sentence).into_response()
    }
}

/// Returns the response to an error of the feed: 410 with the new cursor for a reset, else the
/// problem.
pub fn feed_problem(error: Error) -> Response {
    match error {
        Error::Reset(reset) => {
            let headers = [(CACHE_CONTROL, NO_STORE)];
            (StatusCode::GONE, headers, Json(reset)).into_response()
        }
        error => Problem::from(error).into_response(),
    }
}

/// Converts the error of an operation that has an `Idempotency-Key`, and perhaps an `If-Match`.
pub fn keyed_problem(error: Error) -> Problem {
    match error {
        Error::IdempotencyConflict => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was already used for another request. Send this request with a new key.",
        ),
        Error::Conflict(conflict) => Problem {
            etag: Some(conflict.base),
            ..Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "The text is not the one that If-Match names, so nothing was changed. Get the current text, whose revision is in ETag, and decide.",
            )
        },
        error => error.into(),
    }
}

/// Returns the problem of a request whose handler panicked. The panic hook has already logged it.
pub fn panicked() -> Problem {
    let sentence =
        "The server failed. The change may or may not have been made; check before you try again.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}
