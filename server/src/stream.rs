//! The feed as server-sent events (WHATWG HTML, section 9.2).

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use domain::{Cursor, EntryState, Epoch, Reset};
use futures::stream;
use newsroom::{
    Error, Newsroom,
    live::{FeedId, Signal, Subscription, heartbeat},
};

use crate::{
    extract::{Path, Query},
    feed::{Since, feed_id},
    problem::{NO_STORE, Problem},
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Opens a stream after `Last-Event-ID`, else after `since`, else from now on. An ended entry has
/// none (204).
///
/// # Errors
/// 400 for a malformed cursor, 404 if there is no such public entry. What can't be continued from is
/// said on the stream: a browser can't read the body of a refusal.
pub async fn stream(
    State(newsroom): State<Arc<Newsroom>>,
    Path(feed): Path<String>,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let feed = feed_id(&feed)?;
    let since = match headers.get(&LAST_EVENT_ID) {
        Some(id) => Some(id.to_str().unwrap_or_default().parse()?),
        None => query.cursor()?,
    };
    let head = newsroom.head(feed).await?;
    if head.state == EntryState::Ended {
        return Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response());
    }
    let since = match since {
        None => None,
        Some(cursor) => match newsroom.check_cursor(feed, &cursor).await {
            Ok(rev) => Some(rev),
            Err(Error::Reset(reset)) => return Ok(event_stream(Body::from(reset_event(&reset)))),
            Err(error) => return Err(error.into()),
        },
    };
    let Some(subscription) = newsroom.hub().subscribe(feed, since) else {
        return Err(Error::Unknown("entry").into());
    };
    let connection = Connection {
        feed,
        epoch: head.epoch.clone(),
        subscription,
        newsroom,
        greeting: Some(heartbeat(&head)),
        over: false,
    };
    let events = stream::unfold(connection, |mut connection| async {
        let event = connection.next().await?;
        Some((Ok::<_, Infallible>(event), connection))
    });
    Ok(event_stream(Body::from_stream(events)))
}

/// What one open stream needs: its place in the feed, and whether it has said goodbye.
struct Connection {
    newsroom: Arc<Newsroom>,
    feed: FeedId,
    epoch: Epoch,
    subscription: Subscription,
    /// The first event: it tells the page that nothing on the way holds events back.
    greeting: Option<Bytes>,
    over: bool,
}

impl Connection {
    /// The next event; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        while !self.over {
            match self.subscription.next().await {
                Signal::Batch(frame) => return Some(frame.event()),
                Signal::Heartbeat(event) => return Some(event),
                Signal::Behind(rev) => {
                    if let Some(event) = self.catch_up(rev).await {
                        return Some(event);
                    }
                }
                Signal::Reset => {
                    self.over = true;
                    let head = self.newsroom.hub().head(self.feed)?;
                    return Some(reset_event(&Reset::new(head.epoch, head.head)));
                }
                Signal::Ended => {
                    self.over = true;
                    return Some(Bytes::from_static(
                        b"event: bye\ndata: {\"ended\":true}\n\n",
                    ));
                }
                Signal::Closing => {
                    self.over = true;
                    return Some(Bytes::from_static(
                        b"event: bye\ndata: {\"ended\":false}\n\n",
                    ));
                }
            }
        }
        None
    }

    /// What the database has after `rev`; `None` if that is nothing.
    async fn catch_up(&mut self, rev: i64) -> Option<Bytes> {
        let since = Cursor::new(self.epoch.clone(), rev);
        match self.newsroom.changes(self.feed, Some(since)).await {
            Ok(frame) => {
                self.subscription.caught_up(frame.to);
                (!frame.empty).then(|| frame.event())
            }
            Err(Error::Reset(reset)) => {
                self.over = true;
                Some(reset_event(&reset))
            }
            Err(error) => {
                self.over = true;
                let problem = Problem::from(error);
                let sentence = serde_json::Value::from(problem.sentence());
                Some(Bytes::from(format!(
                    "event: stream-error\ndata: {{\"error\":{sentence}}}\n\n"
                )))
            }
        }
    }
}

fn reset_event(reset: &Reset) -> Bytes {
    // A cursor of plain words and numbers is always JSON.
    let json = serde_json::to_string(reset).unwrap_or_default();
    Bytes::from(format!("event: stream-reset\ndata: {json}\n\n"))
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
    ];
    (headers, body).into_response()
}
