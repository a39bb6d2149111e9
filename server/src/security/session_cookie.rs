//! The cookies of a session.

use axum::http::HeaderValue;
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use domain::Role;
use newsroom::{SESSION_LIFE, Secret, Session};

use crate::config::Settings;

/// The cookie from which scripts and caching proxies see that the browser is logged in: `1` with an
/// account that may post, else `reader`. Not a secret.
const HINT: &str = "ringside_hint";

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
        .add(cookie(HINT, hint_of(session.caller.role), false, settings))
}

/// Returns the cookie that corrects the hint of a request, if it is not the one of `role`: the role
/// was changed after the login.
pub fn corrected_hint(jar: &CookieJar, role: Role, settings: &Settings) -> Option<HeaderValue> {
    let hint = hint_of(role);
    let sent = jar.get(HINT)?.value();
    let corrected = (sent != hint).then(|| cookie(HINT, hint, false, settings).to_string());
    HeaderValue::try_from(corrected?).ok()
}

/// Returns whether a `Set-Cookie` header sets the hint.
pub fn sets_hint(header: &HeaderValue) -> bool {
    header.as_bytes().starts_with(HINT.as_bytes())
}

const fn hint_of(role: Role) -> &'static str {
    if role.may_post() { "1" } else { "reader" }
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
