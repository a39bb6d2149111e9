//! Posting without JavaScript.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, response::Response, routing::post};
use domain::{Draft, OpId};
use newsroom::{Error, Newsroom};

use super::{Asker, Fields, answer, slug};
use crate::{extract::Path, pages::Pages, state::AppState};

pub fn routes() -> Router<AppState> {
    Router::new().route("/entries/{slug}/compose", post(compose))
}

/// Publishes, and comes back blank for the next one.
async fn compose(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(name): Path<String>,
    asker: Asker,
    fields: Fields,
) -> Response {
    let page = format!("/entries/{name}/compose");
    let posted = async {
        let draft = Draft::parse(fields.get("source"), fields.get("headline"))?;
        let op_id = OpId::parse(fields.get("op_id"))?;
        let posted = newsroom
            .post_update(
                asker.viewer()?,
                &slug(&name)?,
                &op_id,
                &draft,
                Duration::ZERO,
            )
            .await?;
        Ok::<_, Error>(format!("{page}?posted={}", posted.id))
    };
    let posted = posted.await;
    answer(&pages, posted, &page, asker.0.viewer, fields).await
}
