//! The composer's form, for posting without JavaScript.

use axum::{Router, response::Response, routing::post};
use domain::{Draft, OpId};
use newsroom::Error;

use super::handler::Desk;
use crate::{
    extract::{EntrySlug, fields::Fields},
    state::AppState,
};

pub fn routes() -> Router<AppState> {
    Router::new().route("/entries/{slug}/compose", post(compose))
}

/// Publishes an update, and redirects to the empty composer.
async fn compose(desk: Desk, EntrySlug(slug): EntrySlug, fields: Fields) -> Response {
    let page = format!("/entries/{slug}/compose");
    let posted = async {
        let draft = Draft::parse(fields.get("source"), fields.get("headline"))?;
        let op_id = OpId::parse(fields.get("op_id"))?;
        let posted = desk
            .newsroom
            .post_update(desk.caller()?, &slug, &op_id, &draft, None)
            .await?;
        Ok::<_, Error>(format!("{page}?posted={}", posted.id))
    };
    let posted = posted.await;
    desk.respond(posted, &page, fields).await
}
