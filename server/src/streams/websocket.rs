//! The feed over WebSocket (RFC 6455): several feeds on one connection.
//!
//! Whoever connects sends `{"subscribe": "12", "since": "k3f9.1207"}` (without `since`: from now on) and
//! `{"unsubscribe": "12"}`, where `12` is an entry's number, or `all`. What comes is what a stream of
//! server-sent events would bring, as `{"feed", "event", "id"?, "data"}`. What can't be understood is
//! answered by a `stream-error` without a feed, and changes nothing.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use domain::Cursor;
use futures::{
    SinkExt, StreamExt,
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll},
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use newsroom::live::{Event, FeedId};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        handshake::server::create_response_with_body,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use super::{Opening, Reader, Streams};
use crate::{
    address_limits::Permit,
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
/// How long a frame to a reader is at most, in bytes: longer messages are sent in fragments (RFC 6455,
/// section 5.4), so that a connection never holds more than one frame that is its own.
const LONGEST_FRAME: usize = 16 * 1024;
/// How much a connection may hold of what its reader doesn't take, in bytes: a frame, and the pongs
/// that the reader asked for meanwhile.
const WRITE_BUFFER: usize = 2 * LONGEST_FRAME;
/// How many feeds one connection may follow: more than a page ever shows.
const MOST_FEEDS: usize = 100;
/// How many messages may make no sense before the connection is closed.
const MOST_MISTAKES: usize = 20;
/// How long what a reader sends is counted together: as long as from one heartbeat to the next.
const BUDGET_PERIOD: Duration = Duration::from_secs(15);
/// How many messages a reader may send in that time: enough to follow as many feeds as may be, to
/// leave them, and to follow them again.
const MOST_MESSAGES: usize = 3 * MOST_FEEDS;
/// How many pings and pongs a reader may send in that time: a ping a second, and a pong for each of
/// ours.
const MOST_CONTROL_FRAMES: usize = 20;
/// How long a connection may say nothing, or read nothing: each heartbeat asks for a
/// sign of life.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long after a ping the next one is sent at the earliest: the heartbeats of all feeds that a
/// connection follows come at once, and one sign of life answers all of them.
const PING_PAUSE: Duration = Duration::from_secs(5);
/// How long a reader has to take the reason why a connection is closed.
const FAREWELL: Duration = Duration::from_secs(5);

const NO_UPGRADE: &str =
    "This address is for WebSocket connections: open one with new WebSocket(...).";

/// Opens a connection for messages.
///
/// # Errors
/// 400 for what asks for no WebSocket, 403 for another site's page, 503 if there are too many streams.
pub async fn websocket(
    State(streams): State<Streams>,
    State(settings): State<Arc<Settings>>,
    ClientAddress(address): ClientAddress,
    mut request: Request,
) -> Result<Response, Problem> {
    if is_cross_site(request.headers(), &settings) {
        return Err(cross_site());
    }
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, NO_UPGRADE))?;
    let permit = streams.admit(address)?;
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = streams.tasks.clone();
    tasks.spawn(async move {
        // It fails if the client leaves before the response is written.
        if let Ok(upgraded) = upgrade.await {
            let stream = TokioIo::new(upgraded);
            let socket =
                WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await;
            Connection::new(streams, address, permit).run(socket).await;
        }
    });
    Ok(response)
}

/// Returns how many feeds the connections of so many streams may follow together: two each, as a page
/// does that follows its entry and all others, and the most that one may, besides.
pub const fn most_subscriptions(streams: usize) -> usize {
    streams.saturating_mul(2).saturating_add(MOST_FEEDS)
}

/// The bounds of what a connection reads and holds.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(LONGEST_READ))
        .max_frame_size(Some(LONGEST_READ))
        .read_buffer_size(READ_BUFFER)
        // Each frame is written at once: gathering them would only copy them.
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
}

/// A connection after its upgrade.
type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// What a reader may send.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Command {
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
    followed: HashMap<FeedId, Followed>,
    address: IpAddr,
    mistakes: usize,
    budget: Budget,
    pinged_at: Option<Instant>,
    _permit: Permit,
}

/// A feed that a connection follows.
struct Followed {
    events: AbortHandle,
    permit: Permit,
}

/// Why a connection ends.
enum End {
    /// It is to be said why.
    Close(CloseCode, &'static str),
    /// There is nobody to say it to.
    Gone,
}

const TOO_LONG: End = End::Close(
    CloseCode::Size,
    "A message is longer than 1 KiB, or can't be read.",
);
const TOO_MUCH: End = End::Close(
    CloseCode::Policy,
    "More than 300 messages, or 20 pings and pongs, came in 15 seconds.",
);
const NOT_UNDERSTOOD: &str = "Messages are {\"subscribe\": FEED, \"since\": CURSOR} or {\"unsubscribe\": FEED}, and a feed is the number of an entry, or \"all\".";

impl Connection {
    fn new(streams: Streams, address: IpAddr, permit: Permit) -> Self {
        Self {
            streams,
            address,
            feeds: SelectAll::new(),
            followed: HashMap::new(),
            mistakes: 0,
            budget: Budget::new(Instant::now()),
            pinged_at: None,
            _permit: permit,
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let end = self.converse(&mut socket).await;
        if let End::Close(code, reason) = end {
            if code == CloseCode::Policy {
                self.streams.logs.talkative.log(|connections| {
                    tracing::info!(connections, reason, "WebSocket connections were closed");
                });
            }
            let close = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            };
            // Whoever doesn't read it finds the connection closed.
            let _ = timeout(FAREWELL, socket.send(Message::Close(Some(close)))).await;
        }
    }

    async fn converse(&mut self, socket: &mut WebSocket) -> End {
        let mut last_heard = Instant::now();
        loop {
            let answer = tokio::select! {
                received = socket.next() => {
                    let Some(Ok(message)) = received else {
                        return match received {
                            Some(Err(error)) if is_unreadable(&error) => TOO_LONG,
                            _ => End::Gone,
                        };
                    };
                    last_heard = Instant::now();
                    if !self.budget.allows(&message, last_heard) {
                        return TOO_MUCH;
                    }
                    match message {
                        Message::Text(text) if text.len() <= LONGEST_MESSAGE => {
                            self.hear(&text).await
                        }
                        Message::Text(_) => return TOO_LONG,
                        Message::Binary(_) | Message::Frame(_) => Err(NoSense),
                        Message::Ping(_) => match within_deadline(socket.flush()).await {
                            // The pong, which comes by itself, is on its way.
                            Ok(()) => continue,
                            Err(Unread) => return End::Gone,
                        },
                        Message::Pong(_) => continue,
                        Message::Close(_) => {
                            // The answer to it, which comes by itself; then the connection ends.
                            let _ = timeout(FAREWELL, socket.flush()).await;
                            return End::Gone;
                        }
                    }
                }
                Some((feed, event)) = self.feeds.next() => {
                    let Some(event) = event else {
                        self.followed.remove(&feed);
                        if self.followed.is_empty() && self.streams.newsroom.hub().is_closing() {
                            return End::Close(CloseCode::Away, "This server is going; another will be there.");
                        }
                        continue;
                    };
                    if event.is_heartbeat() && self.ask(socket).await.is_err() {
                        return End::Gone;
                    }
                    Ok(Some(event.message(feed)))
                }
                () = sleep_until(last_heard + PATIENCE) => {
                    return End::Close(CloseCode::Policy, "Nothing was heard for 45 seconds.");
                }
            };
            let said = match answer {
                Ok(Some(said)) => said,
                Ok(None) => continue,
                Err(NoSense) => {
                    self.mistakes += 1;
                    if self.mistakes > MOST_MISTAKES {
                        return End::Close(CloseCode::Policy, "Too many messages made no sense.");
                    }
                    not_understood()
                }
            };
            if send_text(socket, said).await.is_err() {
                return End::Gone;
            }
        }
    }

    /// Asks for a sign of life, unless that was done just now.
    async fn ask(&mut self, socket: &mut WebSocket) -> Result<(), Unread> {
        let now = Instant::now();
        if self.pinged_at.is_some_and(|at| now - at < PING_PAUSE) {
            return Ok(());
        }
        self.pinged_at = Some(now);
        within_deadline(socket.send(Message::Ping(Bytes::new()))).await
    }

    /// Does what a message asks for, and answers what is to be said at once.
    async fn hear(&mut self, text: &str) -> Result<Option<Bytes>, NoSense> {
        match serde_json::from_str(text).map_err(|_| NoSense)? {
            Command::Subscribe(Subscribe { subscribe, since }) => {
                let feed = feed_id(&subscribe).map_err(|_| NoSense)?;
                let followed = match since.as_deref().map(str::parse::<Cursor>).transpose() {
                    Ok(since) => self.follow(feed, since).await,
                    Err(invalid) => Err(invalid.into()),
                };
                let refused = |problem: Problem| Event::error(problem.sentence()).message(feed);
                Ok(Some(followed.unwrap_or_else(refused)))
            }
            Command::Unsubscribe(Unsubscribe { unsubscribe }) => {
                let feed = feed_id(&unsubscribe).map_err(|_| NoSense)?;
                if let Some(followed) = self.followed.remove(&feed) {
                    followed.events.abort();
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
        let before = self.followed.remove(&feed).map(|before| {
            before.events.abort();
            before.permit
        });
        if let Some(reader) = rest {
            let permit = match before {
                Some(permit) => permit,
                None => self.streams.admit_subscription(self.address)?,
            };
            let events = stream::unfold(reader, |mut reader| async {
                Some((Some(reader.next().await?), reader))
            });
            let last = stream::iter([None]);
            let (said, events) =
                stream::abortable(events.chain(last).map(move |event| (feed, event)));
            self.feeds.push(said.boxed());
            self.followed.insert(feed, Followed { events, permit });
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

/// What a reader may still send before the period is over.
struct Budget {
    began: Instant,
    messages: usize,
    control_frames: usize,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            messages: MOST_MESSAGES,
            control_frames: MOST_CONTROL_FRAMES,
        }
    }

    /// Counts a message that came at `now`. Returns whether it may be answered.
    fn allows(&mut self, message: &Message, now: Instant) -> bool {
        if now - self.began >= BUDGET_PERIOD {
            *self = Self::new(now);
        }
        let left = match message {
            Message::Ping(_) | Message::Pong(_) => &mut self.control_frames,
            Message::Text(_) | Message::Binary(_) | Message::Frame(_) => &mut self.messages,
            Message::Close(_) => return true,
        };
        let is_allowed = *left > 0;
        *left = left.saturating_sub(1);
        is_allowed
    }
}

/// Whether a reader sent what can't be read, and is told so; where nothing can be sent or received any
/// more, nobody is told anything.
fn is_unreadable(error: &tungstenite::Error) -> bool {
    use tungstenite::Error;

    matches!(
        error,
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_)
    )
}

/// Sends a text, in as many frames as it takes.
async fn send_text(socket: &mut WebSocket, mut text: Bytes) -> Result<(), Unread> {
    let sending = async {
        let mut opcode = OpCode::Data(Data::Text);
        loop {
            let payload = text.split_to(text.len().min(LONGEST_FRAME));
            let is_last = text.is_empty();
            let frame = Frame::message(payload, opcode, is_last);
            socket.send(Message::Frame(frame)).await?;
            if is_last {
                return Ok(());
            }
            opcode = OpCode::Data(Data::Continue);
        }
    };
    within_deadline(sending).await
}

/// A reader who is gone, or reads nothing.
struct Unread;

/// Waits for what is written to be taken, which may last as long as a reader may read nothing.
async fn within_deadline(
    written: impl Future<Output = tungstenite::Result<()>>,
) -> Result<(), Unread> {
    let written = timeout(PATIENCE, written).await;
    written.map_err(|_| Unread)?.map_err(|_| Unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_renewed_after_each_period() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let ping = Message::Ping(Bytes::new());
        let answer = Message::Pong(Bytes::new());
        let text = Message::text("");
        for n in 0..MOST_CONTROL_FRAMES {
            let control = if n % 2 == 0 { &ping } else { &answer };
            assert!(budget.allows(control, start));
        }
        assert!(!budget.allows(&ping, start));
        assert!(!budget.allows(&answer, start));
        for _ in 0..MOST_MESSAGES {
            assert!(budget.allows(&text, start));
        }
        let early = start + BUDGET_PERIOD - Duration::from_millis(1);
        assert!(!budget.allows(&text, early));
        assert!(!budget.allows(&Message::binary(Bytes::new()), early));
        assert!(budget.allows(&Message::Close(None), early));
        let next = start + BUDGET_PERIOD;
        assert!(budget.allows(&text, next) && budget.allows(&ping, next));
    }

    #[test]
    fn reader_that_pings_every_second_is_within_the_budget() {
        let mut now = Instant::now();
        let mut budget = Budget::new(now);
        for _ in 0..1_000 {
            assert!(budget.allows(&Message::Ping(Bytes::new()), now));
            now += Duration::from_secs(1);
        }
    }
}
