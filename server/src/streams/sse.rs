//! The feed as server-sent events (WHATWG HTML, section 9.2).

use std::{convert::Infallible, task::Poll};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Version,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use domain::EntryState;
use futures::{StreamExt, stream};
use newsroom::live::Event;

use super::{FanOut, Handover, Opening, Reader, Streams};
use crate::{
    address_limits::Permit,
    extract::{Path, Query},
    feed::{Since, feed_id},
    problem::{NO_STORE, Problem},
    proxies::ClientAddress,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Opens a stream after `Last-Event-ID`, else after `since`, else from now on. An ended entry has
/// none (204).
///
/// # Errors
/// 400 for a malformed cursor, 404 if there is no such public entry, 503 if there are too many streams.
/// What can't be continued from is said on the stream: a browser can't read the body of a refusal.
pub async fn stream(
    State(streams): State<Streams>,
    ClientAddress(address): ClientAddress,
    Path(feed): Path<String>,
    Query(query): Query<Since>,
    version: Version,
    handover: Option<Extension<Handover>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let feed = feed_id(&feed)?;
    let since = match headers.get(&LAST_EVENT_ID) {
        Some(id) => Some(id.to_str().unwrap_or_default().parse()?),
        None => query.cursor()?,
    };
    let newsroom = &streams.newsroom;
    if newsroom.head(feed).await?.state == EntryState::Ended {
        return Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response());
    }
    let permit = streams.admit(address)?;
    let body = match (Reader::open(newsroom, feed, since).await?, handover) {
        (Opening::Reset(event), _) => Body::from(event.text()),
        // Chunks are HTTP/1.1's: before, a body was as long as its connection.
        (Opening::Stream(greeting, reader), Some(Extension(handover)))
            if version == Version::HTTP_11 =>
        {
            handed_over(&greeting, reader, handover, streams.fan_out, permit)
        }
        (Opening::Stream(greeting, reader), _) => kept(&greeting, reader, permit),
    };
    Ok(event_stream(body))
}

/// A body that begins here, and goes on where the socket is handed over to.
fn handed_over(
    greeting: &Event,
    reader: Reader,
    handover: Handover,
    fan_out: FanOut,
    permit: Permit,
) -> Body {
    let mut joining = Some((reader, fan_out, permit));
    let greeting = stream::iter([Ok::<Bytes, Infallible>(greeting.text())]);
    let rest = stream::poll_fn(move |_| {
        if let Some((reader, fan_out, permit)) = joining.take() {
            handover.ask(move |socket| fan_out.join(reader, socket, permit));
        }
        if handover.is_given() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    });
    Body::from_stream(greeting.chain(rest))
}

/// A body that is written to the end by whoever serves the connection.
fn kept(greeting: &Event, reader: Reader, permit: Permit) -> Body {
    let greeting = stream::iter([Ok::<_, Infallible>(greeting.text())]);
    let rest = stream::unfold((reader, permit), |(mut reader, permit)| async {
        let event = reader.next().await?;
        Some((Ok(event.text()), (reader, permit)))
    });
    Body::from_stream(greeting.chain(rest))
}

fn event_stream(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // No proxy may keep it, change it, or hold it back.
        (
            CACHE_CONTROL,
            HeaderValue::from_static("no-store, no-transform"),
        ),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
        // Nothing follows a stream.
        (CONNECTION, HeaderValue::from_static("close")),
    ];
    (headers, body).into_response()
}
