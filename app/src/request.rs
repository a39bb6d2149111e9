//! What a page knows of who asks for it, and of a form that has to be shown again.

use std::{collections::HashMap, sync::Arc};

use axum::http::{StatusCode, request::Parts};
use domain::{Caller, SessionId};
use leptos::prelude::{expect_context, use_context};
use newsroom::{Error, Newsroom};

/// What the server tells a personal page; public pages are given none of it, so that they are the
/// same for everyone.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// Who is logged in.
    pub caller: Option<Caller>,
    /// The session that the request was sent in, on pages that list sessions.
    pub session: Option<SessionId>,
    /// The form that was sent to this page and not accepted. Shared: each part of the form reads it.
    pub typed: Option<Arc<SubmittedForm>>,
}

/// A form that was sent and not accepted: what was typed, and what is wrong with it.
#[derive(Debug, Default)]
pub struct SubmittedForm {
    /// One sentence.
    pub message: String,
    /// The field it is about, if it is about one.
    pub field: Option<&'static str>,
    /// What was typed, by field.
    pub values: HashMap<String, String>,
}

impl SubmittedForm {
    /// What was typed into `field`.
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }
}

impl PageRequest {
    /// That of the page being rendered.
    pub fn current() -> Self {
        use_context::<Parts>()
            .and_then(|parts| parts.extensions.get::<Self>().cloned())
            .unwrap_or_default()
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if nobody is.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.caller.as_ref().ok_or(Error::Unauthenticated)
    }

    /// What was typed into `field` of the form that is shown again; nothing if none is.
    pub fn typed(&self, field: &str) -> String {
        self.typed
            .as_ref()
            .map(|typed| typed.value(field))
            .unwrap_or_default()
    }
}

/// The newsroom that this server serves.
pub fn newsroom() -> Arc<Newsroom> {
    expect_context()
}

/// The status that says what went wrong.
pub fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Invalid(_) | Error::IdempotencyConflict => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Unauthenticated | Error::WrongPassword => StatusCode::UNAUTHORIZED,
        Error::Removed | Error::Reset(_) => StatusCode::GONE,
        Error::Unavailable(_) | Error::DiskFull(_) | Error::OutcomeUnknown(_) | Error::Busy => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Corrupt { .. } | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
