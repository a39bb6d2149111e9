//! Plain forms: they work without JavaScript, call what the islands' server functions call, and come
//! back with what was typed if it wasn't accepted.

mod accounts;
mod compose;
mod desk;

pub use accounts::guard_set_up;

use std::{collections::HashMap, sync::Arc};

use app::{PageRequest, Typed, status_of};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
};
use domain::{Invalid, OpId, Viewer};
use newsroom::{Error, Newsroom};

use crate::{pages::Pages, problem::Problem, state::AppState};

/// The forms of those who aren't logged in yet, or no longer want to be.
pub fn door_routes() -> Router<AppState> {
    accounts::routes()
}

/// The forms of those who are logged in.
pub fn author_routes() -> Router<AppState> {
    compose::routes().merge(desk::routes())
}

/// A form's fields, as they were typed. Bytes that aren't UTF-8 become U+FFFD, so that the rest is
/// not lost.
#[derive(Debug, Default)]
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// Every field and what was typed into it, in the order of their names.
    pub fn into_sorted(self) -> Vec<(String, String)> {
        let mut fields: Vec<_> = self.0.into_iter().collect();
        fields.sort();
        fields
    }

    /// The form's operation id, if it has one.
    ///
    /// # Errors
    /// If it can't be one.
    pub fn op_id(&self) -> Result<Option<OpId>, Invalid> {
        match self.get("op_id") {
            "" => Ok(None),
            id => OpId::parse(id).map(Some),
        }
    }

    /// What was typed into `name`.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let is_form = |kind: &HeaderValue| {
            kind.as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        };
        if !request.headers().get(CONTENT_TYPE).is_some_and(is_form) {
            let sentence = "A form must be sent as application/x-www-form-urlencoded.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence).into_response());
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let fields = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Ok(Self(fields.collect()))
    }
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
    asker: PageRequest,
}

impl Desk {
    fn viewer(&self) -> Result<&Viewer, Error> {
        self.asker.viewer()
    }

    /// Where to go after a form was accepted; or its page again, at `page`.
    async fn answer(self, done: Result<String, Error>, page: &str, fields: Fields) -> Response {
        match done {
            Ok(next) => Redirect::to(&next).into_response(),
            Err(error) => show_again(&self.pages, &error, page, self.asker.viewer, fields).await,
        }
    }
}

/// The form's page again, at `page`, with what was typed and what is wrong with it.
async fn show_again(
    pages: &Pages,
    error: &Error,
    page: &str,
    viewer: Option<Viewer>,
    fields: Fields,
) -> Response {
    let mut values = fields.0;
    if matches!(error, Error::Repeated) {
        // It stands for another text already; the page gives this one a name of its own.
        values.remove("op_id");
    }
    let typed = Typed {
        message: error.to_string(),
        field: match error {
            Error::Invalid(invalid) => Some(invalid.field),
            _ => None,
        },
        values,
    };
    error.log_failure("a form could not be saved");
    pages
        .render_again(page, viewer, status_of(error), typed)
        .await
}
