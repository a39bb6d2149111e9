//! Who asks: sessions in cookies, for personal pages and server functions alone.

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
    forms::{Fields, is_to_form},
    pages::Pages,
    problem::{NO_STORE, Problem},
    security::local_path,
};

/// Tells scripts, and nobody else's server, that somebody is logged in here; not a secret.
const HINT: &str = "ringside_hint";

/// The page of one's own account, and what its forms' paths begin with.
const ACCOUNT: &str = "/account";
const ACCOUNT_FORMS: &str = "/account/";

/// The cookie that holds the session. With https its prefix binds it to this host and to https.
pub const fn session_cookie(https: bool) -> &'static str {
    if https {
        "__Host-ringside"
    } else {
        "ringside_session"
    }
}

/// The session that a browser shows, if it shows any.
pub fn shown_session(jar: &CookieJar, settings: &Settings) -> Option<Secret> {
    jar.get(session_cookie(settings.is_https()))
        .map(|cookie| Secret::shown(cookie.value()))
}

/// The cookies of a session that has just begun.
pub fn begin(jar: CookieJar, session: &Session, settings: &Settings) -> CookieJar {
    let name = session_cookie(settings.is_https());
    jar.add(cookie(name, session.token.reveal(), true, settings))
        .add(cookie(HINT, "1", false, settings))
}

/// No session any more.
pub fn end(jar: CookieJar, settings: &Settings) -> CookieJar {
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

/// Tells what it leads to who asks, and that nobody may keep the answer.
pub async fn identify(
    State(newsroom): State<Arc<Newsroom>>,
    State(settings): State<Arc<Settings>>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let session = match shown_session(&jar, &settings) {
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

/// Sends whoever isn't logged in to the login page, and back here from there. A form that they sent
/// comes back to them, to be sent again: what was typed must not be lost with the session.
///
/// Nobody is known to have sent it, so a longer form than a login's is not kept.
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
    // The forms of the account's page hold passwords, which are never sent back, and nothing that was written.
    let is_account = here == ACCOUNT || here.starts_with(ACCOUNT_FORMS);
    let here = if is_account { ACCOUNT.to_owned() } else { here };
    if is_account || matches!(*request.method(), Method::GET | Method::HEAD) {
        return Redirect::to(&format!("/login?next={here}")).into_response();
    }
    if !is_to_form(&request) {
        return Problem::from(Error::Unauthenticated).into_response();
    }
    match Fields::from_request(request, &bodies).await {
        Ok(fields) => pages.render_resend(&here, fields.into_sorted()).await,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let sentence = "Your session has expired, and this is too long to be kept here. Go back and copy your text; then log in, and send it again.";
            Problem::new(refused.status(), sentence).into_response()
        }
        Err(refused) => refused,
    }
}

/// Sends whoever is logged in already past the login page.
pub async fn skip_login(Query(to): Query<NextPage>, request: Request, next: Next) -> Response {
    if caller(&request).is_some() {
        return Redirect::to(local_path(&to.next).unwrap_or("/desk")).into_response();
    }
    next.run(request).await
}

/// Where to go once logged in.
#[derive(Debug, Deserialize)]
pub struct NextPage {
    #[serde(default)]
    next: String,
}

/// Who asks, behind [`identify`].
pub fn caller(request: &Request) -> Option<&Caller> {
    request.extensions().get::<PageRequest>()?.caller.as_ref()
}
