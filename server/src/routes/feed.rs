//! The feed's routes. This file handles polling: the head of a feed, and the changes since a
//! cursor.

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
use domain::{Counts, Head};
use newsroom::{
    Newsroom,
    feed::{Coding, Frame},
};

use crate::{
    cache::{compression::compress_batch, negotiation::ContentCoding},
    extract::{
        Path, Query,
        feed::{Since, feed_id},
    },
    problem::{Problem, feed_problem},
    rendering::Rendering,
    state::AppState,
    streams::{events::events, sse::stream, websocket::websocket},
};

/// The `Cache-Control` of a head. A proxy may reuse a response for one second.
const HEAD: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=1");
/// The `Cache-Control` of changes. A proxy may reuse a response for two seconds.
const CHANGES: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// The `Cache-Control` of counts. A proxy may reuse a response for two seconds.
const COUNTS: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// The smallest batch that is compressed, in bytes. One or two updates fit into a few packets
/// uncompressed.
const MIN_COMPRESSED: usize = 4 * 1024;

/// Returns the routes `/feed/{entry_id}/...`, where the parameter is any feed's id, `/ws` and
/// `/events/`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/feed/{entry_id}/head", get(head))
        .route("/feed/{entry_id}/changes", get(changes))
        .route("/feed/{entry_id}/stream", get(stream))
        .route("/feed/{entry_id}/counts", get(counts))
        .route("/ws", get(websocket))
        .route("/events", get(events))
        .route("/events/", get(events))
}

/// Returns all counts of a feed.
async fn counts(
    State(newsroom): State<Arc<Newsroom>>,
    Path(feed): Path<String>,
) -> Result<([(axum::http::HeaderName, HeaderValue); 1], Json<Counts>), Problem> {
    let counts = newsroom.counts(feed_id(&feed)?).await?;
    Ok(([(CACHE_CONTROL, COUNTS)], Json(counts)))
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
            let compress = async |json| compress_batch(rendering.public(), coding, json).await;
            match frame.compressed(coding, compress).await {
                Ok(bytes) => ([(CONTENT_ENCODING, name)], bytes).into_response(),
                // The client can use the uncompressed batch as well.
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

/// Returns the coding of a batch, and the value of `Content-Encoding`; `None` if it is not
/// compressed.
fn coding_of(frame: &Frame, headers: &HeaderMap) -> Option<(Coding, HeaderValue)> {
    if !is_worth_compressing(frame) {
        return None;
    }
    let accepted = ContentCoding::accepted(headers);
    let coding = match accepted {
        ContentCoding::Brotli => Coding::Brotli,
        ContentCoding::Gzip => Coding::Gzip,
        ContentCoding::Identity => return None,
    };
    Some((coding, accepted.header()))
}

fn is_worth_compressing(frame: &Frame) -> bool {
    frame.json().len() > MIN_COMPRESSED
}
