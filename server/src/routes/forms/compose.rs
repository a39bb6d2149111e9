//! The composer's form, for posting without JavaScript.

use axum::{Router, response::Response, routing::post};
use domain::{Draft, OpId, Slug};
use newsroom::Error;

use super::{drafts, handler::Desk};
use crate::{
    extract::{EntrySlug, fields::Fields},
    state::AppState,
};

pub fn routes() -> Router<AppState> {
    Router::new().route("/entries/{slug}/compose", post(compose))
}

/// Does what the pressed button is for: post, save a draft, or discard one.
async fn compose(desk: Desk, EntrySlug(slug): EntrySlug, fields: Fields) -> Response {
    if !fields.get("discard").is_empty() {
        return drafts::discard(desk, &slug, fields).await;
    }
    match fields.get("action") {
        "draft" => drafts::save(desk, &slug, fields).await,
        _ => publish(desk, &slug, fields).await,
    }
}

/// Publishes an update, deletes the draft that it was saved as, and redirects to the empty
/// composer.
async fn publish(desk: Desk, slug: &Slug, fields: Fields) -> Response {
    let page = format!("/entries/{slug}/compose");
    let posted = async {
        let draft = Draft::parse(fields.get("source"), fields.get("headline"))?;
        let op_id = OpId::parse(fields.get("op_id"))?;
        let saved_as = drafts::draft_of(&fields);
        let posted = desk
            .newsroom
            .post_saved_draft(desk.caller()?, slug, &op_id, &draft, &[], None, saved_as)
            .await?;
        Ok::<_, Error>(format!("{page}?posted={}", posted.id))
    };
    let posted = posted.await;
    desk.respond(posted, &page, fields).await
}
