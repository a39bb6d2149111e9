//! The updates of an entry for simple clients that don't use the feed: as a block of HTML, and as
//! JSON sorted by id. Both are cached like pages.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use domain::{EntryId, FeedId, UpdateId};
use newsroom::{
    Error, ListForm, Newsroom,
    zone::{LocalTime, rfc3339},
};
use serde::{Deserialize, Serialize};

use crate::{
    cache::{
        document::Document,
        key::{PageUrl, PublicPage, Target, is_canonical, number},
    },
    extract::{Path, Query},
    problem::Problem,
    routes::cached::CachedRoutes,
};

const TEXT_HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The `Cache-Control` of the responses. Simple pollers may get one that is ten seconds old.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// Adds the routes `/updates/{entry_id}/` and `/updates/{entry_id}.json`.
pub fn add_to(routes: CachedRoutes) -> CachedRoutes {
    routes
        .route("/updates/{file}/", get(block), block_key)
        .route("/updates/{file}", get(json), json_key)
}

fn block_key(url: &PageUrl<'_>) -> Option<Target> {
    let id = url.param("file");
    let number = number(id)?;
    if !is_canonical(id) {
        return Some(Target::Redirect(format!("/updates/{number}/")));
    }
    let feed = url.hub.head(FeedId::Entry(EntryId(number)))?;
    Some(Target::Page(PublicPage::new(url.path, feed, CACHING)))
}

fn json_key(url: &PageUrl<'_>) -> Option<Target> {
    let id = url.param("file").strip_suffix(".json")?;
    let number = number(id)?;
    if !is_canonical(id) {
        return Some(Target::Redirect(format!("/updates/{number}.json")));
    }
    let entry = EntryId(number);
    let feed = url.hub.head(FeedId::Entry(entry))?;
    let mut page = PublicPage::new(url.path, feed, CACHING);
    if let Some(since) = url.first("since") {
        // The route rejects an invalid one.
        let since = since.parse::<i64>().ok().filter(|since| *since >= 0)?;
        page.since = Some((entry, UpdateId(since)));
    }
    Some(Target::Page(page))
}

#[derive(Debug, Serialize)]
struct Updates {
    updates: Vec<Update>,
}

#[derive(Debug, Serialize)]
struct Update {
    id: UpdateId,
    /// The time of the post, in RFC 3339.
    created: String,
    /// The time of the post as `HH:MM`, in the entry's time zone.
    created_str: String,
    /// The update's HTML, with its headline, without its time and author.
    content: String,
}

#[derive(Debug, Deserialize)]
struct Since {
    since: Option<String>,
}

async fn block(
    State(newsroom): State<Arc<Newsroom>>,
    Path(entry): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let page = newsroom.entry_page_by_id(entry_id(&entry)?).await?;
    let form = ListForm::Block(page.entry.default_order);
    let list = app::list_parts(newsroom.cards(), &page.entry, &page.updates, form);
    let headers = [(CONTENT_TYPE, TEXT_HTML)];
    Ok((headers, Document::of_list(list)))
}

async fn json(
    State(newsroom): State<Arc<Newsroom>>,
    Path(file): Path<String>,
    Query(query): Query<Since>,
) -> Result<Json<Updates>, Problem> {
    let entry = entry_id(file.strip_suffix(".json").unwrap_or_default())?;
    let since = match query.since {
        None => UpdateId(0),
        Some(text) => text
            .parse()
            .ok()
            .filter(|since: &UpdateId| since.0 >= 0)
            .ok_or_else(|| {
                let sentence = "since must be the id of an update, as in ?since=12.";
                Problem::new(StatusCode::BAD_REQUEST, sentence)
            })?,
    };
    let (entry, updates) = newsroom.updates_after(entry, since).await?;
    let updates = updates.iter().map(|update| Update {
        id: update.id,
        created: rfc3339(update.posted_at),
        created_str: LocalTime::new(update.posted_at, &entry.time_zone).clock(),
        content: app::update_content(update),
    });
    Ok(Json(Updates {
        updates: updates.collect(),
    }))
}

fn entry_id(text: &str) -> Result<EntryId, Problem> {
    text.parse()
        .map_err(|_| Error::NotFound("live blog").into())
}
