//! The cookies of a session.

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use newsroom::{SESSION_LIFE, Secret, Session};

use crate::config::Settings;

/// The cookie from which scripts and caching proxies see that the browser is logged in. Not a
/// secret.
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
