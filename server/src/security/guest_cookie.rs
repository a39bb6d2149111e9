//! The cookie by which a reader without an account is recognized in rooms.

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use crate::config::Settings;

/// The name of the cookie.
const NAME: &str = "ringside_guest";
/// How long a browser keeps the cookie, in days. It is set again with each first message.
const DAYS: i64 = 90;

/// Returns the value of the cookie, which may be forged.
pub fn presented(jar: &CookieJar) -> Option<&str> {
    jar.get(NAME).map(Cookie::value)
}

/// Adds the cookie with the signed value `value`.
pub fn add(jar: CookieJar, value: String, settings: &Settings) -> CookieJar {
    let cookie = Cookie::build((NAME, value))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(settings.is_https())
        .max_age(time::Duration::days(DAYS));
    jar.add(cookie)
}
