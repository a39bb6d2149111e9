//! The feed over WebSocket (RFC 6455): several feeds on one connection.
//!
//! Whoever connects sends `{"subscribe": "12", "since": "k3f9.1207"}` (without `since`: from now on) and
//! `{"unsubscribe": "12"}`, where `12` is an entry's number, or `all`. What comes is what a stream of
//! server-sent events would bring, as `{"feed", "event", "id"?, "data"}`. What can't be understood is
//! answered by a `stream-error` without a feed, and changes nothing.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        State,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::Cursor;
use futures::{
    StreamExt,
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll},
};
use newsroom::live::{Event, FeedId};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Opening, Reader, StreamPermit, Streams};
use crate::{
    config::Settings,
    feed::feed_id,
    problem::Problem,
    proxies::ClientAddress,
    security::{cross_site, is_cross_site},
};

/// How long a message from a reader may be, in bytes: it names a feed and a cursor.
const LONGEST_MESSAGE: usize = 1024;
/// How much of a longer one is read, in bytes, before nobody looks any further.
const LONGEST_READ: usize = 64 * 1024;
/// How much is read at once, in bytes. By default, each connection would take 128 KiB.
const READ_BUFFER: usize = 4 * 1024;
/// How many feeds one connection may follow: more than a page ever shows.
const MOST_FEEDS: usize = 100;
/// How many messages may make no sense before the connection is closed.
const MOST_MISTAKES: usize = 20;
/// How long a connection may say nothing, or read nothing: each heartbeat asks for a
/// sign of life.
const PATIENCE: Duration = Duration::from_secs(45);

const NO_UPGRADE: &str =
    "This address is for WebSocket connections: open one with new WebSocket(...).";

/// Opens a connection for messages.
///
/// # Errors
/// 403 for another site's page, 503 if there are too many streams, and whatever else keeps it from being
/// a WebSocket.
pub async fn websocket(
    State(streams): State<Streams>,
    State(settings): State<Arc<Settings>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    if is_cross_site(&headers, &settings) {
        return Err(cross_site());
    }
    let upgrade = upgrade.map_err(|refused| Problem::new(refused.status(), NO_UPGRADE))?;
    let permit = streams.caps.admit(address)?;
    Ok(upgrade
        .max_message_size(LONGEST_READ)
        .max_frame_size(LONGEST_READ)
        .read_buffer_size(READ_BUFFER)
        // What is written is frames that are shared: gathering them would only copy them.
        .write_buffer_size(0)
        .on_upgrade(async move |socket| {
            let tasks = streams.tasks.clone();
            tasks
                .track_future(Connection::new(streams, permit).run(socket))
                .await;
        }))
}

/// What a reader may send.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Request {
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscribe {
    subscribe: String,
    since: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsubscribe {
    unsubscribe: String,
}

/// What a feed says next; nothing, after its last word.
type Said = (FeedId, Option<Event>);

/// One connection, and the feeds it follows.
struct Connection {
    streams: Streams,
    feeds: SelectAll<BoxStream<'static, Said>>,
    followed: HashMap<FeedId, AbortHandle>,
    mistakes: usize,
    _permit: StreamPermit,
}

/// Why a connection ends.
enum End {
    /// It is to be said why.
    Close(u16, &'static str),
    /// There is nobody to say it to.
    Gone,
}

const TOO_LONG: End = End::Close(
    close_code::SIZE,
    "A message is longer than 1 KiB, or can't be read.",
);
const NOT_UNDERSTOOD: &str = "Messages are {\"subscribe\": FEED, \"since\": CURSOR} or {\"unsubscribe\": FEED}, and a feed is the number of an entry, or \"all\".";

impl Connection {
    fn new(streams: Streams, permit: StreamPermit) -> Self {
        Self {
            streams,
            feeds: SelectAll::new(),
            followed: HashMap::new(),
            mistakes: 0,
            _permit: permit,
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let end = self.converse(&mut socket).await;
        if let End::Close(code, reason) = end {
            let close = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            };
            // Whoever doesn't hear it finds the connection closed.
            let _ = send(&mut socket, Message::Close(Some(close))).await;
        }
    }

    async fn converse(&mut self, socket: &mut WebSocket) -> End {
        let mut last_heard = Instant::now();
        loop {
            let answer = tokio::select! {
                heard = socket.recv() => {
                    last_heard = Instant::now();
                    match heard {
                        Some(Ok(Message::Text(text))) if text.len() <= LONGEST_MESSAGE => {
                            self.hear(&text).await
                        }
                        Some(Ok(Message::Text(_)) | Err(_)) => return TOO_LONG,
                        Some(Ok(Message::Binary(_))) => Err(NoSense),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                        Some(Ok(Message::Close(_))) | None => return End::Gone,
                    }
                }
                Some((feed, event)) = self.feeds.next() => {
                    let Some(event) = event else {
                        self.followed.remove(&feed);
                        if self.followed.is_empty() && self.streams.newsroom.hub().is_closing() {
                            return End::Close(close_code::AWAY, "This server is going; another will be there.");
                        }
                        continue;
                    };
                    if event.is_heartbeat() && ask(socket).await.is_err() {
                        return End::Gone;
                    }
                    Ok(Some(event.message(feed)))
                }
                () = sleep_until(last_heard + PATIENCE) => {
                    return End::Close(close_code::POLICY, "Nothing was heard for 45 seconds.");
                }
            };
            let said = match answer {
                Ok(Some(said)) => said,
                Ok(None) => continue,
                Err(NoSense) => {
                    self.mistakes += 1;
                    if self.mistakes > MOST_MISTAKES {
                        return End::Close(close_code::POLICY, "Too many messages made no sense.");
                    }
                    not_understood()
                }
            };
            if let Some(end) = say(socket, said).await {
                return end;
            }
        }
    }

    /// Does what a message asks for, and answers what is to be said at once.
    async fn hear(&mut self, text: &str) -> Result<Option<Bytes>, NoSense> {
        match serde_json::from_str(text).map_err(|_| NoSense)? {
            Request::Subscribe(Subscribe { subscribe, since }) => {
                let feed = feed_id(&subscribe).map_err(|_| NoSense)?;
                let followed = match since.as_deref().map(str::parse::<Cursor>).transpose() {
                    Ok(since) => self.follow(feed, since).await,
                    Err(invalid) => Err(invalid.into()),
                };
                let refused = |problem: Problem| Event::error(problem.sentence()).message(feed);
                Ok(Some(followed.unwrap_or_else(refused)))
            }
            Request::Unsubscribe(Unsubscribe { unsubscribe }) => {
                let feed = feed_id(&unsubscribe).map_err(|_| NoSense)?;
                if let Some(followed) = self.followed.remove(&feed) {
                    followed.abort();
                }
                Ok(None)
            }
        }
    }

    /// Follows a feed, instead of where it was followed from before; answers how that begins.
    async fn follow(&mut self, feed: FeedId, since: Option<Cursor>) -> Result<Bytes, Problem> {
        if self.followed.len() >= MOST_FEEDS && !self.followed.contains_key(&feed) {
            let sentence = "A connection follows at most 100 feeds: unsubscribe from one first.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, sentence));
        }
        let (first, rest) = match Reader::open(&self.streams.newsroom, feed, since).await? {
            Opening::Stream(greeting, reader) => (greeting, Some(reader)),
            Opening::Reset(event) => (event, None),
        };
        let said = rest.map(|reader| {
            let events = stream::unfold(reader, |mut reader| async {
                Some((Some(reader.next().await?), reader))
            });
            let last = stream::iter([None]);
            let (said, handle) =
                stream::abortable(events.chain(last).map(move |event| (feed, event)));
            (said.boxed(), handle)
        });
        let before = match said {
            Some((said, handle)) => {
                self.feeds.push(said);
                self.followed.insert(feed, handle)
            }
            None => self.followed.remove(&feed),
        };
        if let Some(before) = before {
            before.abort();
        }
        Ok(first.message(feed))
    }
}

/// A message that asks for nothing that there is.
struct NoSense;

/// What is said about such a message.
fn not_understood() -> Bytes {
    let data = serde_json::json!({ "error": NOT_UNDERSTOOD });
    let message = serde_json::json!({ "event": "stream-error", "data": data });
    message.to_string().into()
}

/// Sends a message; why it ends, if it does.
async fn say(socket: &mut WebSocket, said: Bytes) -> Option<End> {
    // What serde writes is UTF-8.
    let text = Utf8Bytes::try_from(said).ok()?;
    let sent = send(socket, Message::Text(text)).await;
    sent.err().map(|Unread| End::Gone)
}

/// Asks for a sign of life.
async fn ask(socket: &mut WebSocket) -> Result<(), Unread> {
    send(socket, Message::Ping(Bytes::new())).await
}

/// A reader who is gone, or reads nothing.
struct Unread;

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Unread> {
    let sent = timeout(PATIENCE, socket.send(message)).await;
    sent.map_err(|_| Unread)?.map_err(|_| Unread)
}
