//! Plain forms: they work without JavaScript, call what the islands' server functions call, and come
//! back with what was typed if it wasn't accepted.

mod accounts;
mod compose;
mod desk;

pub use accounts::guard_set_up;

use std::collections::HashMap;

use app::{PageRequest, Typed, status_of};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
};
use domain::{Slug, Viewer};
use newsroom::Error;

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

/// Whose form it is, behind the guard of those who are logged in.
type Asker = Extension<PageRequest>;

/// Where to go after a form was accepted; or its page again, at `page`, with what was typed and what
/// is wrong with it.
async fn answer(
    pages: &Pages,
    done: Result<String, Error>,
    page: &str,
    viewer: Option<Viewer>,
    fields: Fields,
) -> Response {
    let error = match done {
        Ok(next) => return Redirect::to(&next).into_response(),
        Err(error) => error,
    };
    let field = match &error {
        Error::Invalid(invalid) => Some(invalid.field),
        _ => None,
    };
    let typed = Typed {
        message: error.to_string(),
        field,
        values: fields.0,
    };
    let status = status_of(&error);
    if let Error::Storage(cause) = &error {
        tracing::error!(%cause, "a form could not be saved");
    }
    pages.render_again(page, viewer, status, typed).await
}

/// The slug in a form's address, where nothing else may stand: what is answered leads back to it.
fn slug(text: &str) -> Result<Slug, Error> {
    Slug::parse(text)
        .ok()
        .filter(|slug| slug.as_str() == text)
        .ok_or(Error::Unknown("entry"))
}
