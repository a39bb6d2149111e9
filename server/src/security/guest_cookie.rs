//! The cookie by which a reader without an account is recognized in rooms.

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};

use newsroom::{Error, GuestId, Newsroom};

use crate::config::Settings;

/// The name of the cookie.
const NAME: &str = "ringside_guest";
/// How long a browser keeps the cookie, in days. It is set again with each first message.
const DAYS: i64 = 90;

/// Returns the value of the cookie, which may be forged.
pub fn presented(jar: &CookieJar) -> Option<&str> {
    jar.get(NAME).map(Cookie::value)
}

/// Returns the cookies of a response, which make `guest` recognizable if there is one.
///
/// # Errors
/// Returns an error if the database can't be reached, from which the key is read once.
pub async fn set(
    newsroom: &Newsroom,
    guest: Option<&GuestId>,
    settings: &Settings,
) -> Result<CookieJar, Error> {
    let jar = CookieJar::new();
    let Some(guest) = guest else {
        return Ok(jar);
    };
    let value = newsroom.guest_cookie(guest).await?;
    let cookie = Cookie::build((NAME, value))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(settings.is_https())
        .max_age(time::Duration::days(DAYS));
    Ok(jar.add(cookie))
}
