//! HTML forms, which work without JavaScript. Their handlers call the same functions of the
//! newsroom as the islands' server functions. If a form is rejected, its page is rendered again
//! with the submitted values and an error message.

mod accounts;
mod compose;
mod desk;
mod fields;

pub use accounts::guard_set_up;
pub use fields::{Fields, has_form};

use std::sync::Arc;

use app::{PageRequest, SubmittedForm, status_of};
use axum::{
    Extension, Router,
    extract::{FromRequestParts, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::Caller;
use newsroom::{Error, Newsroom};

use crate::{pages::Pages, state::AppState};

/// Returns the routes of the forms for callers that are not logged in, and of the logout.
pub fn guest_routes() -> Router<AppState> {
    accounts::guest_routes()
}

/// Returns the routes of the forms for accounts that are logged in.
pub fn member_routes() -> Router<AppState> {
    compose::routes()
        .merge(desk::routes())
        .merge(accounts::member_routes())
}

/// The state of a handler of an author's form, and its caller. For routes behind
/// [`require_login`](crate::identity::require_login).
#[derive(FromRequestParts)]
#[from_request(state(AppState))]
struct Desk {
    #[from_request(via(State))]
    newsroom: Arc<Newsroom>,
    #[from_request(via(State))]
    pages: Pages,
    #[from_request(via(Extension))]
    request: PageRequest,
}

impl Desk {
    fn caller(&self) -> Result<&Caller, Error> {
        self.request.caller()
    }

    /// Responds to a form: with a redirect to the path in `result`, or with the form's page at
    /// `page` and the error message.
    async fn respond(self, result: Result<String, Error>, page: &str, fields: Fields) -> Response {
        match result {
            Ok(next) => Redirect::to(&next).into_response(),
            Err(error) => {
                rerender_with_error(&self.pages, &error, page, self.request.caller, fields).await
            }
        }
    }
}

/// Renders the form's page at `page` again, with the submitted values and the error message.
async fn rerender_with_error(
    pages: &Pages,
    error: &Error,
    page: &str,
    caller: Option<Caller>,
    fields: Fields,
) -> Response {
    let mut values = fields.into_values();
    if matches!(error, Error::IdempotencyConflict) {
        // The id was already used for another text. The page generates a new one.
        values.remove("op_id");
    }
    let form = SubmittedForm {
        message: error.to_string(),
        field: match error {
            Error::Invalid(invalid) => Some(invalid.field),
            _ => None,
        },
        values,
    };
    error.log_failure("a form could not be saved");
    pages
        .render_with_errors(page, caller, status_of(error), form)
        .await
}
