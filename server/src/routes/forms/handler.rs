//! What the handlers of the forms share.

use std::{collections::HashMap, sync::Arc};

use app::{PageRequest, SubmittedForm};
use axum::{
    Extension,
    extract::{FromRequestParts, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::Caller;
use newsroom::{Error, Newsroom};

use crate::{extract::fields::Fields, pages::Pages, problem::Problem, state::AppState};

/// The state of a handler of an author's form, and its caller. For routes behind
/// [`require_login`](crate::security::guards::require_login).
#[derive(FromRequestParts)]
#[from_request(state(AppState))]
pub struct Desk {
    /// The engine.
    #[from_request(via(State))]
    pub newsroom: Arc<Newsroom>,
    /// Renders pages.
    #[from_request(via(State))]
    pub pages: Pages,
    /// The caller.
    #[from_request(via(Extension))]
    pub request: PageRequest,
}

impl Desk {
    /// Returns the account that is logged in.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.request.caller()
    }

    /// Responds to a form: with a redirect to the path in `result`, or with the form's page at
    /// `page` and the error message. If that page can't be shown, the response is a problem, whose
    /// page returns the fields.
    pub async fn respond(
        self,
        result: Result<String, Error>,
        page: &str,
        fields: Fields,
    ) -> Response {
        let error = match result {
            Ok(next) => return Redirect::to(&next).into_response(),
            Err(error) => error,
        };
        if error.is_server_failure() {
            // The page needs the database, too.
            return Problem::from(error).into_response();
        }
        let problem = Problem::from(error.clone());
        let (status, form) = rejected_form(error, fields.values().clone());
        let caller = self.request.caller;
        match self.pages.form_page(page, caller, status, form).await {
            Ok(page) => page,
            Err(_) => problem.into_response(),
        }
    }
}

/// Renders the form's page at `page` again, with the submitted values and the error message.
pub async fn rerender_with_error(
    pages: &Pages,
    error: Error,
    page: &str,
    fields: Fields,
) -> Response {
    let (status, form) = rejected_form(error, fields.values().clone());
    pages.render_with_errors(page, None, status, form).await
}

/// Returns the form to show again with these values and the error, and the status of the response.
pub fn rejected_form(
    error: Error,
    mut values: HashMap<String, String>,
) -> (StatusCode, SubmittedForm) {
    let conflict = match &error {
        Error::Conflict(conflict) => {
            // The page shows the current text, so its form may replace it.
            values.insert("base".to_owned(), conflict.base.to_string());
            Some(conflict.clone())
        }
        Error::IdempotencyConflict => {
            // The id was already used for another text. The page generates a new one.
            values.remove("op_id");
            None
        }
        _ => None,
    };
    let problem = Problem::from(error);
    let form = SubmittedForm {
        message: problem.sentence().to_owned(),
        field: problem.field(),
        values,
        conflict,
    };
    (problem.status(), form)
}
