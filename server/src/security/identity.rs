//! Identifies callers by the session in their cookie, for personal pages and server functions only.

use std::sync::Arc;

use app::PageRequest;
use axum::{
    extract::{Request, State},
    http::header::{CACHE_CONTROL, SET_COOKIE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use domain::Caller;
use newsroom::{CurrentSession, Error, GuestId, Newsroom};

use super::{
    guest_cookie,
    session_cookie::{corrected_hint, session_token, sets_hint},
};
use crate::{
    config::Settings,
    problem::{NO_STORE, Problem},
};

/// Adds the caller to the request as a [`PageRequest`], and forbids caches to store the response.
/// Corrects the hint of a browser whose account has another role since the login.
pub async fn identify(
    State(newsroom): State<Arc<Newsroom>>,
    State(settings): State<Arc<Settings>>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let (session, guest) = match look_up(&newsroom, &settings, &jar).await {
        Ok(found) => found,
        Err(error) => return Problem::from(error).into_response(),
    };
    let hint = session
        .as_ref()
        .and_then(|session| corrected_hint(&jar, session.caller.role, &settings));
    request.extensions_mut().insert(PageRequest {
        guest,
        session: session.as_ref().map(|session| session.id),
        caller: session.map(|session| session.caller),
        submitted: None,
        new_link: None,
    });
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    // A login and a logout set their own.
    if let Some(hint) = hint
        && !headers.get_all(SET_COOKIE).iter().any(sets_hint)
    {
        headers.append(SET_COOKIE, hint);
    }
    response
}

/// Returns the session and the guest of a request's cookies.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn look_up(
    newsroom: &Newsroom,
    settings: &Settings,
    jar: &CookieJar,
) -> Result<(Option<CurrentSession>, Option<GuestId>), Error> {
    let session = match session_token(jar, settings) {
        Some(token) => newsroom.session(&token).await?,
        None => None,
    };
    let guest = match guest_cookie::presented(jar) {
        Some(cookie) => newsroom.guest_of(cookie).await?,
        None => None,
    };
    Ok((session, guest))
}

/// Returns the caller of a request that has passed [`identify`].
pub fn caller(request: &Request) -> Option<&Caller> {
    request.extensions().get::<PageRequest>()?.caller.as_ref()
}
