//! The feed for those who ask: `head`, and `changes`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{Cursor, Head};
use newsroom::{Newsroom, live::FeedId};
use serde::Deserialize;
use tower_http::compression::{CompressionLayer, predicate::SizeAbove};

use crate::{
    extract::{Path, Query},
    problem::{Problem, feed_problem},
    state::AppState,
    streams::{stream, websocket},
};

/// One answer serves the whole audience for a second.
const HEAD: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=1");
/// What changed since a cursor grows; a few seconds of it may be shared.
const CHANGES: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// What is compressed, in bytes: catching up on many updates is worth the work for each who asks, the
/// one or two that polls bring are not.
const WORTH_COMPRESSING: u64 = 4 * 1024;

/// `/feed/{entry_id}/...` and `/feed/all/...`.
pub fn routes() -> Router<AppState> {
    let compression = CompressionLayer::new().compress_when(SizeAbove::new(WORTH_COMPRESSING));
    Router::new()
        .route("/feed/{entry_id}/head", get(head))
        .route("/feed/{entry_id}/changes", get(changes).layer(compression))
        .route("/feed/{entry_id}/stream", get(stream))
        .route("/ws", get(websocket))
}

/// From where on.
#[derive(Debug, Deserialize)]
pub struct Since {
    since: Option<String>,
}

impl Since {
    /// The cursor, if there is one.
    ///
    /// # Errors
    /// 400 if it is malformed.
    pub fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        Ok(self.since.as_deref().map(str::parse).transpose()?)
    }
}

/// Which feed an address names.
///
/// # Errors
/// 404 if it is neither `all` nor a number.
pub fn feed_id(text: &str) -> Result<FeedId, Problem> {
    match text {
        "all" => Ok(FeedId::All),
        id => match id.parse() {
            Ok(id) => Ok(FeedId::Entry(id)),
            Err(_) => Err(newsroom::Error::Unknown("entry").into()),
        },
    }
}

async fn head(
    State(newsroom): State<Arc<Newsroom>>,
    Path(feed): Path<String>,
) -> Result<([(axum::http::HeaderName, HeaderValue); 1], Json<Head>), Problem> {
    let head = newsroom.head(feed_id(&feed)?).await?;
    Ok(([(CACHE_CONTROL, HEAD)], Json(head)))
}

async fn changes(
    State(newsroom): State<Arc<Newsroom>>,
    Path(feed): Path<String>,
    Query(since): Query<Since>,
) -> Result<Response, Problem> {
    let (feed, since) = (feed_id(&feed)?, since.cursor()?);
    let frame = match newsroom.changes(feed, since).await {
        Ok(frame) => frame,
        Err(error) => return Ok(feed_problem(error)),
    };
    let headers = [
        (CACHE_CONTROL, CHANGES),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    Ok((headers, frame.json()).into_response())
}
