//! Plain forms: they work without JavaScript, call what the islands' server functions call, and
//! come back with what was typed if it wasn't accepted.

mod accounts;
mod compose;
mod desk;
mod fields;

pub use accounts::guard_set_up;
pub use fields::{Fields, is_to_form};

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

/// The forms of those who aren't logged in yet, or no longer want to be.
pub fn door_routes() -> Router<AppState> {
    accounts::routes()
}

/// The forms of those who are logged in.
pub fn author_routes() -> Router<AppState> {
    compose::routes()
        .merge(desk::routes())
        .merge(accounts::member_routes())
}

/// What the handler of an author's form works with: who sent it, behind the guard of those who are
/// logged in.
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

    /// Where to go after a form was accepted; or its page again, at `page`.
    async fn answer(self, done: Result<String, Error>, page: &str, fields: Fields) -> Response {
        match done {
            Ok(next) => Redirect::to(&next).into_response(),
            Err(error) => {
                render_form_again(&self.pages, &error, page, self.request.caller, fields).await
            }
        }
    }
}

/// The form's page again, at `page`, with what was typed and what is wrong with it.
async fn render_form_again(
    pages: &Pages,
    error: &Error,
    page: &str,
    caller: Option<Caller>,
    fields: Fields,
) -> Response {
    let mut values = fields.into_values();
    if matches!(error, Error::IdempotencyConflict) {
        // It stands for another text already; the page gives this one a name of its own.
        values.remove("op_id");
    }
    let typed = SubmittedForm {
        message: error.to_string(),
        field: match error {
            Error::Invalid(invalid) => Some(invalid.field),
            _ => None,
        },
        values,
    };
    error.log_failure("a form could not be saved");
    pages
        .render_with_errors(page, caller, status_of(error), typed)
        .await
}
