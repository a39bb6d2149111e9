//! The feed for those who ask: `head`, and `changes`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use domain::{Cursor, EntryId, Head};
use newsroom::{
    Newsroom,
    live::{Coding, FeedId, Frame},
};
use serde::Deserialize;

use crate::{
    compression::compress,
    extract::{Path, Query},
    page_cache::Encoding,
    problem::{Problem, feed_problem},
    rendering::Rendering,
    state::AppState,
    streams::{stream, websocket},
};

/// One answer serves the whole audience for a second.
const HEAD: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=1");
/// What changed since a cursor grows; a few seconds of it may be shared.
const CHANGES: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// The smallest batch that is compressed, in bytes: one or two updates fit into a packet as they
/// are.
const WORTH_COMPRESSING: usize = 4 * 1024;

/// `/feed/{entry_id}/...` and `/feed/all/...`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/feed/{entry_id}/head", get(head))
        .route("/feed/{entry_id}/changes", get(changes))
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
/// 404 if it is neither `all` nor a number in its one spelling: each spelling would be a key of its
/// own in every cache.
pub fn feed_id(text: &str) -> Result<FeedId, Problem> {
    match text {
        "all" => Ok(FeedId::All),
        text => match text.parse::<EntryId>() {
            Ok(id) if id.to_string() == text => Ok(FeedId::Entry(id)),
            _ => Err(newsroom::Error::NotFound("entry").into()),
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
    State(rendering): State<Rendering>,
    Path(feed): Path<String>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (feed, since) = (feed_id(&feed)?, since.cursor()?);
    let frame = match newsroom.changes(feed, since).await {
        Ok(frame) => frame,
        Err(error) => return Ok(feed_problem(error)),
    };
    let mut response = match coding_of(&frame, &headers) {
        Some((coding, name)) => {
            let compress = async |json| compress(rendering.public(), coding, json).await;
            match frame.compressed(coding, compress).await {
                Ok(bytes) => ([(CONTENT_ENCODING, name)], bytes).into_response(),
                // As it is, it still does what the client needs.
                Err(_) => frame.json().into_response(),
            }
        }
        None => frame.json().into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, CHANGES);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_worth_compressing(&frame) {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    Ok(response)
}

/// The coding to send a batch in, and its name; `None` if it is sent as it is.
fn coding_of(frame: &Frame, headers: &HeaderMap) -> Option<(Coding, HeaderValue)> {
    if !is_worth_compressing(frame) {
        return None;
    }
    let encoding = Encoding::accepted(headers);
    let coding = match encoding {
        Encoding::Brotli => Coding::Brotli,
        Encoding::Gzip => Coding::Gzip,
        Encoding::Identity => return None,
    };
    Some((coding, encoding.header()))
}

fn is_worth_compressing(frame: &Frame) -> bool {
    frame.json().len() > WORTH_COMPRESSING
}
