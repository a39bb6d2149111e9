//! The desk's forms.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::post};
use domain::{Draft, EntryState, Order, UpdateId};
use newsroom::{Error, NewEntry, Newsroom};

use super::{Asker, Fields, answer, slug};
use crate::{extract::Path, pages::Pages, state::AppState};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/desk/entries", post(create_entry))
        .route("/desk/entries/{slug}/start", post(start_entry))
        .route("/desk/entries/{slug}/end", post(end_entry))
        .route("/desk/updates/{id}", post(edit_update))
        .route("/desk/updates/{id}/delete", post(delete_update))
        .route("/desk/updates/{id}/restore", post(restore_update))
}

async fn create_entry(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    asker: Asker,
    fields: Fields,
) -> Response {
    let created = async {
        let state = or_default(fields.get("state"), EntryState::Draft)?;
        let order = or_default(fields.get("default_order"), Order::Oldest)?;
        let new = NewEntry::parse(
            fields.get("title"),
            fields.get("slug"),
            fields.get("summary"),
            fields.get("time_zone"),
            state,
            order,
        )?;
        newsroom.create_entry(Some(asker.viewer()?), &new).await?;
        Ok::<_, Error>(format!("/desk/entries/{}", new.slug))
    };
    let created = created.await;
    answer(&pages, created, "/desk", asker.0.viewer, fields).await
}

async fn start_entry(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(name): Path<String>,
    asker: Asker,
) -> Response {
    let page = format!("/desk/entries/{name}");
    let started = async {
        newsroom.start_entry(asker.viewer()?, &slug(&name)?).await?;
        Ok(page.clone())
    };
    let started = started.await;
    answer(&pages, started, &page, asker.0.viewer, Fields::default()).await
}

async fn end_entry(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(name): Path<String>,
    asker: Asker,
) -> Response {
    let page = format!("/desk/entries/{name}");
    let ended = async {
        newsroom.end_entry(asker.viewer()?, &slug(&name)?).await?;
        Ok(page.clone())
    };
    let ended = ended.await;
    answer(&pages, ended, &page, asker.0.viewer, Fields::default()).await
}

async fn edit_update(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(id): Path<String>,
    asker: Asker,
    fields: Fields,
) -> Response {
    let edited = async {
        let draft = Draft::parse(fields.get("source"), fields.get("headline"))?;
        let entry = newsroom
            .edit_update(asker.viewer()?, update_id(&id)?, &draft)
            .await?;
        Ok::<_, Error>(format!("/desk/entries/{}", entry.slug))
    };
    let edited = edited.await;
    let page = format!("/desk/updates/{id}");
    answer(&pages, edited, &page, asker.0.viewer, fields).await
}

async fn delete_update(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(id): Path<String>,
    asker: Asker,
) -> Response {
    let deleted = async {
        let id = update_id(&id)?;
        let entry = newsroom.delete_update(asker.viewer()?, id).await?;
        Ok::<_, Error>(format!("/desk/entries/{}?deleted={id}", entry.slug))
    };
    let deleted = deleted.await;
    answer(&pages, deleted, "/desk", asker.0.viewer, Fields::default()).await
}

async fn restore_update(
    State(newsroom): State<Arc<Newsroom>>,
    State(pages): State<Pages>,
    Path(id): Path<String>,
    asker: Asker,
) -> Response {
    let restored = async {
        let entry = newsroom
            .restore_update(asker.viewer()?, update_id(&id)?)
            .await?;
        Ok::<_, Error>(format!("/desk/entries/{}", entry.slug))
    };
    let restored = restored.await;
    answer(&pages, restored, "/desk", asker.0.viewer, Fields::default()).await
}

fn update_id(text: &str) -> Result<UpdateId, Error> {
    text.parse().map_err(|_| Error::Unknown("update"))
}

fn or_default<T: std::str::FromStr<Err = domain::Invalid>>(
    word: &str,
    default: T,
) -> Result<T, domain::Invalid> {
    if word.is_empty() {
        Ok(default)
    } else {
        word.parse()
    }
}
