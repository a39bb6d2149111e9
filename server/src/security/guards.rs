//! Guards of personal pages: who may open which.

use axum::{
    extract::Request,
    http::Method,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::Role;
use newsroom::Error;
use serde::Deserialize;

use super::{identity::caller, local_path::local_path};
use crate::{extract::Query, problem::Problem};

/// The path of the account page, and the prefix of its forms' paths.
const ACCOUNT: &str = "/account";
const ACCOUNT_FORMS: &str = "/account/";
/// The form of that page which contains a text.
const DISPLAY_NAME: &str = "/account/name";

/// Redirects anonymous callers to the login page, from which they return here. The response to a
/// submitted form is a page that contains its fields, to submit it again after the login: an author
/// must not lose their text when the session expires.
pub async fn require_login(request: Request, next: Next) -> Response {
    if caller(&request).is_some() {
        return next.run(request).await;
    }
    let here = request.uri().path().to_owned();
    // The account page's other forms contain passwords, which are never sent back, or no text.
    let is_account = here == ACCOUNT || (here.starts_with(ACCOUNT_FORMS) && here != DISPLAY_NAME);
    let here = if is_account { ACCOUNT.to_owned() } else { here };
    if is_account || matches!(*request.method(), Method::GET | Method::HEAD) {
        return Redirect::to(&format!("/login?next={here}")).into_response();
    }
    // The page of the response returns the form's fields.
    Problem::from(Error::Unauthenticated).into_response()
}

/// Redirects callers that are already logged in from the login page.
pub async fn skip_login(Query(to): Query<NextPage>, request: Request, next: Next) -> Response {
    if let Some(caller) = caller(&request) {
        let home = home_of(caller.role);
        return Redirect::to(local_path(&to.next).unwrap_or(home)).into_response();
    }
    next.run(request).await
}

/// The query of the login page: where to go after the login.
#[derive(Debug, Deserialize)]
pub struct NextPage {
    #[serde(default)]
    next: String,
}

/// Returns the page that an account with this role opens after a login.
pub const fn home_of(role: Role) -> &'static str {
    if role.may_post() { "/desk" } else { "/account" }
}
