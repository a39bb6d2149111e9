//! The form with which owners change the site.

use axum::{Router, response::Response, routing::post};
use domain::Invalid;
use newsroom::{Error, SiteSettings};

use super::handler::Desk;
use crate::{extract::fields::Fields, state::AppState};

/// The page of the form.
const PAGE: &str = "/desk/site";

pub fn routes() -> Router<AppState> {
    Router::new().route(PAGE, post(change_site))
}

async fn change_site(desk: Desk, fields: Fields) -> Response {
    let changed = async {
        let settings = SiteSettings {
            display_names: switch(&fields, "display_names")?,
            open_sign_up: switch(&fields, "open_sign_up")?,
            deleted_messages: fields.get("deleted_messages").parse()?,
        };
        desk.newsroom.change_site(desk.caller()?, settings).await?;
        Ok::<_, Error>(format!("{PAGE}?done=true"))
    };
    let changed = changed.await;
    desk.respond(changed, PAGE, fields).await
}

fn switch(fields: &Fields, name: &'static str) -> Result<bool, Invalid> {
    let invalid = |_| Invalid::new(name, "Choose one of the options, and save again.");
    fields.get(name).parse().map_err(invalid)
}
