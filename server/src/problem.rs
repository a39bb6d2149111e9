//! Why a request was not answered as asked: a status and one sentence, for programs and people alike.

use app::status_of;
use axum::{
    Extension, Json,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use newsroom::Error;

/// What is personal, or only true for now, is kept by nobody.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Why a request was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    sentence: String,
    retry_after: Option<u16>,
    field: Option<&'static str>,
    as_page: bool,
}

impl Problem {
    /// A problem that whoever asked can read about in `sentence`.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            retry_after: None,
            field: None,
            as_page: true,
        }
    }

    /// The same, never shown as a page: rendering is what failed.
    #[must_use]
    pub const fn text_only(mut self) -> Self {
        self.as_page = false;
        self
    }

    /// Whether it is shown as a page to clients that want pages.
    pub const fn can_be_page(&self) -> bool {
        self.as_page
    }

    /// The same, to be asked again in so many seconds, and not before.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What went wrong, in HTTP's terms.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in one sentence.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The field that it is about, if it is about one.
    pub const fn field(&self) -> Option<&'static str> {
        self.field
    }
}

impl From<Error> for Problem {
    /// The cause of what is the server's fault goes to the log, here and only here.
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
    /// What an address or a header holds is refused as malformed.
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
        // The problem rides along, for the layer that says it as a page to who wants pages.
        (self.status, headers, retry, Extension(self), sentence).into_response()
    }
}

/// An error of the feed: what the protocol says about it, or the sentence.
pub fn feed_problem(error: Error) -> Response {
    match error {
        Error::Reset(reset) => {
            let headers = [(CACHE_CONTROL, NO_STORE)];
            (StatusCode::GONE, headers, Json(reset)).into_response()
        }
        error => Problem::from(error).into_response(),
    }
}
