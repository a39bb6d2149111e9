//! The form with which owners change the site.

use axum::{Router, response::Response, routing::post};
use domain::Invalid;
use newsroom::Error;

use super::handler::Desk;
use crate::{extract::fields::Fields, state::AppState};

/// The page of the form.
const PAGE: &str = "/desk/site";

pub fn routes() -> Router<AppState> {
    Router::new().route(PAGE, post(change_site))
}

async fn change_site(desk: Desk, fields: Fields) -> Response {
    let changed = async {
        let shown = fields.get("display_names").parse().map_err(|_| {
            Invalid::new("display_names", "Choose which name to show below updates.")
        })?;
        desk.newsroom
            .show_display_names(desk.caller()?, shown)
            .await?;
        Ok::<_, Error>(format!("{PAGE}?done=true"))
    };
    let changed = changed.await;
    desk.respond(changed, PAGE, fields).await
}
