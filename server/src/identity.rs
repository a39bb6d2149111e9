//! Identifies callers by the session in their cookie, for personal pages and server functions only.

use std::sync::Arc;

use app::PageRequest;
use axum::{
    extract::{FromRequest, Request, State},
    http::{Method, StatusCode, header::CACHE_CONTROL},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use domain::Caller;
use newsroom::{Error, Newsroom, SESSION_LIFE, Secret, Session};
use serde::Deserialize;

use crate::{
    bodies::Bodies,
    config::Settings,
    extract::Query,
    forms::{Fields, has_form},
    pages::Pages,
    problem::{NO_STORE, Problem},
    security::local_path,
};

/// The cookie from which scripts and caching proxies see that the browser is logged in. Not a
/// secret.
const HINT: &str = "ringside_hint";

/// The path of the account page, and the prefix of its forms' paths.
const ACCOUNT: &str = "/account";
const ACCOUNT_FORMS: &str = "/account/";

/// Returns the name of the session cookie. With https, its prefix restricts it to this host and
/// https.
pub const fn session_cookie(https: bool) -> &'static str {
    if https {
        "__Host-ringside"
    } else {
        "ringside_session"
    }
}

/// Returns the session token from the request's cookies.
pub fn session_token(jar: &CookieJar, settings: &Settings) -> Option<Secret> {
    jar.get(session_cookie(settings.is_https()))
        .map(|cookie| Secret::from_presented(cookie.value()))
}

/// Adds the cookies of a new session.
pub fn add_session(jar: CookieJar, session: &Session, settings: &Settings) -> CookieJar {
    let name = session_cookie(settings.is_https());
    jar.add(cookie(name, session.token.reveal(), true, settings))
        .add(cookie(HINT, "1", false, settings))
}

/// Removes the cookies of the session.
pub fn remove_session(jar: CookieJar, settings: &Settings) -> CookieJar {
    let name = session_cookie(settings.is_https());
    jar.remove(cookie(name, "", true, settings))
        .remove(cookie(HINT, "", false, settings))
}

fn cookie(
    name: &'static str,
    value: &str,
    http_only: bool,
    settings: &Settings,
) -> Cookie<'static> {
    let seconds = SESSION_LIFE / 1_000_000;
    Cookie::build((name, value.to_owned()))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(http_only)
        .secure(settings.is_https())
        .max_age(time::Duration::seconds(seconds))
        .build()
}

/// Adds the caller to the request as a [`PageRequest`], and forbids caches to store the response.
pub async fn identify(
    State(newsroom): State<Arc<Newsroom>>,
    State(settings): State<Arc<Settings>>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let session = match session_token(&jar, &settings) {
        Some(token) => match newsroom.session(&token).await {
            Ok(session) => session,
            Err(error) => return Problem::from(error).into_response(),
        },
        None => None,
    };
    request.extensions_mut().insert(PageRequest {
        session: session.as_ref().map(|session| session.id),
        caller: session.map(|session| session.caller),
        submitted: None,
    });
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(NO_STORE);
    response
}

/// Redirects anonymous callers to the login page, from which they return here. The response to a
/// submitted form is a page that contains its fields, to submit it again after the login: an author
/// must not lose their text when the session expires.
///
/// Forms longer than the body limit of anonymous callers are not returned.
pub async fn require_login(
    State(pages): State<Pages>,
    State(bodies): State<Bodies>,
    request: Request,
    next: Next,
) -> Response {
    if caller(&request).is_some() {
        return next.run(request).await;
    }
    let here = request.uri().path().to_owned();
    // The account page's forms contain passwords, which are never sent back, and no other text.
    let is_account = here == ACCOUNT || here.starts_with(ACCOUNT_FORMS);
    let here = if is_account { ACCOUNT.to_owned() } else { here };
    if is_account || matches!(*request.method(), Method::GET | Method::HEAD) {
        return Redirect::to(&format!("/login?next={here}")).into_response();
    }
    if !has_form(&request) {
        return Problem::from(Error::Unauthenticated).into_response();
    }
    match Fields::from_request(request, &bodies).await {
        Ok(fields) => pages.render_resubmit(&here, fields.into_sorted()).await,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let sentence = "Your session has expired, and this text is too long to be kept here. Go back and copy your text, then log in and send it again.";
            Problem::new(rejection.status(), sentence).into_response()
        }
        Err(rejection) => rejection,
    }
}

/// Redirects callers that are already logged in from the login page.
pub async fn skip_login(Query(to): Query<NextPage>, request: Request, next: Next) -> Response {
    if caller(&request).is_some() {
        return Redirect::to(local_path(&to.next).unwrap_or("/desk")).into_response();
    }
    next.run(request).await
}

/// The query of the login page: where to go after the login.
#[derive(Debug, Deserialize)]
pub struct NextPage {
    #[serde(default)]
    next: String,
}

/// Returns the caller of a request that has passed [`identify`].
pub fn caller(request: &Request) -> Option<&Caller> {
    request.extensions().get::<PageRequest>()?.caller.as_ref()
}
