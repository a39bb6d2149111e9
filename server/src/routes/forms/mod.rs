//! HTML forms, which work without JavaScript. Their handlers call the same functions of the
//! newsroom as the islands' server functions. If a form is rejected, its page is rendered again
//! with the submitted values and an error message.

mod account_management;
mod accounts;
mod compose;
mod desk;
mod drafts;
mod handler;
mod moderation;
mod one_time_links;
mod rooms;
mod site;

pub use account_management::{invitation_url, reset_url};
pub use accounts::guard_set_up;
pub use handler::rejected_form;

use axum::Router;

use crate::state::AppState;

/// Returns the routes of the forms for callers that are not logged in, and of the logout.
pub fn guest_routes() -> Router<AppState> {
    accounts::guest_routes().merge(one_time_links::routes())
}

/// Returns the routes of the forms for accounts that are logged in.
pub fn member_routes() -> Router<AppState> {
    compose::routes()
        .merge(desk::routes())
        .merge(rooms::routes())
        .merge(site::routes())
        .merge(moderation::routes())
        .merge(accounts::member_routes())
        .merge(account_management::routes())
}
