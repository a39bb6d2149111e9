//! The routes of rooms, besides their pages: messages, for the page's form and for programs.

mod messages;
mod posting;
mod rate_limit_fields;
mod reporting;

use axum::{
    Extension, Router,
    routing::{delete, get, post},
};

use crate::{
    security::bodies::{BodyLimit, GuestLimit},
    state::AppState,
};

/// The body limit for a message, in bytes. The longest one, 2,000 characters, has 24,000 bytes in a
/// form: a character has at most four bytes in UTF-8, each sent as `%XX`.
const MESSAGE_LIMIT: usize = 32 * 1024;

/// Returns the routes, for everyone with and without an account.
pub fn routes() -> Router<AppState> {
    let posting = || post(posting::post_message);
    Router::new()
        .route(
            "/rooms/{room}/messages",
            get(messages::messages).merge(posting()),
        )
        .route("/rooms/{room}/messages/", posting())
        .route(
            "/rooms/{room}/messages/{id}",
            delete(messages::delete_message),
        )
        .route(
            "/rooms/{room}/messages/{id}/restore",
            post(messages::restore_message),
        )
        .route(
            "/rooms/{room}/messages/{id}/report",
            post(reporting::report_message),
        )
        .layer(Extension(BodyLimit(MESSAGE_LIMIT)))
        .layer(Extension(GuestLimit(MESSAGE_LIMIT)))
}
