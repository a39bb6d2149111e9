//! Streams the feed as server-sent events (WHATWG HTML, section 9.2).

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
use newsroom::feed::Event;

use super::{
    event_stream::{EventStream, Opening},
    fan_out::FanOut,
    handoff::Handoff,
    open_streams::Streams,
};
use crate::{
    extract::{
        Path, Query,
        client_address::ClientAddress,
        feed::{Since, feed_id},
    },
    problem::{NO_STORE, Problem},
    security::address_limits::Permit,
};

/// The header with the id of the last event that a client has received.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Opens a stream after the cursor in `Last-Event-ID`, else after `since`, else from now on.
/// Responds with 204 if the entry has ended.
///
/// # Errors
/// 400 for a malformed cursor, 404 if there is no such public entry, 503 if a stream limit is
/// reached. A cursor from which the feed can't continue is not an error but a `reset` event,
/// because `EventSource` can't read the body of an error response.
pub async fn stream(
    State(streams): State<Streams>,
    ClientAddress(address): ClientAddress,
    Path(feed): Path<String>,
    Query(query): Query<Since>,
    version: Version,
    handoff: Option<Extension<Handoff>>,
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
    let body = match (EventStream::open(newsroom, feed, since).await?, handoff) {
        (Opening::Reset(event), _) => Body::from(event.text()),
        // The fan-out writes a chunked body, which HTTP/1.0 doesn't have.
        (Opening::Stream(first, events), Some(Extension(handoff)))
            if version == Version::HTTP_11 =>
        {
            handed_off_body(&first, events, handoff, streams.fan_out, permit)
        }
        (Opening::Stream(first, events), _) => complete_body(&first, events, permit),
    };
    Ok(event_stream_response(body))
}

/// Returns a body that ends after its first event. The fan-out writes the other events to the
/// socket.
fn handed_off_body(
    first: &Event,
    events: EventStream,
    handoff: Handoff,
    fan_out: FanOut,
    permit: Permit,
) -> Body {
    let mut joining = Some((events, fan_out, permit));
    let first = stream::iter([Ok::<Bytes, Infallible>(first.text())]);
    let rest = stream::poll_fn(move |_| {
        if let Some((events, fan_out, permit)) = joining.take() {
            handoff.request(move |socket| fan_out.join(events, socket, permit));
        }
        if handoff.is_done() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    });
    Body::from_stream(first.chain(rest))
}

/// Returns a body with all events, which hyper writes.
fn complete_body(first: &Event, events: EventStream, permit: Permit) -> Body {
    let first = stream::iter([Ok::<_, Infallible>(first.text())]);
    let rest = stream::unfold((events, permit), |(mut events, permit)| async {
        let event = events.next().await?;
        Some((Ok(event.text()), (events, permit)))
    });
    Body::from_stream(first.chain(rest))
}

/// Returns the response with a stream of events.
pub fn event_stream_response(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Proxies must not store, transform or buffer the stream.
        (
            CACHE_CONTROL,
            HeaderValue::from_static("no-store, no-transform"),
        ),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
        // No other response follows on this connection.
        (CONNECTION, HeaderValue::from_static("close")),
    ];
    (headers, body).into_response()
}
