//! Streams feeds over WebSocket (RFC 6455), several on one connection.
//!
//! The client sends `{"subscribe": "12", "since": "k3f9.1207"}` (without `since`: from now on) and
//! `{"unsubscribe": "12"}`, where `12` is an entry's id, or `all`. The server sends the events of a
//! stream of server-sent events, each as `{"feed", "event", "id"?, "data"}`. The response to an
//! invalid message is a `stream-error` without a feed; the subscriptions stay as they are. `likes`
//! handles likes.

mod likes;
mod message_budget;
mod socket;

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header::COOKIE},
    response::Response,
};
use axum_extra::extract::CookieJar;
use domain::{Cursor, FeedId, UpdateId};
use futures::{
    SinkExt, StreamExt,
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll},
};
use hyper_util::rt::TokioIo;
use newsroom::feed::Event;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::server::create_response_with_body,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use self::{
    likes::{Voter, no_voter},
    message_budget::MessageBudget,
    socket::{
        PONG_TIMEOUT, SendError, WebSocket, config, is_unreadable, send_text, within_deadline,
    },
};
use super::{
    event_stream::{EventStream, Opening},
    open_streams::{MAX_FEEDS, Streams},
};
use crate::{
    extract::{client_address::ClientAddress, feed::feed_id},
    problem::Problem,
    security::{
        address_limits::Permit,
        csrf::{cross_site, is_cross_site},
    },
    state::AppState,
};

/// The longest message from a client, in bytes. It contains a feed and a cursor.
const MAX_MESSAGE_LENGTH: usize = 1024;
/// How many invalid messages a client may send before the connection is closed.
const MAX_INVALID_MESSAGES: usize = 20;
/// The shortest time between two pings. The heartbeats of all subscribed feeds are sent at once,
/// and one pong is enough for all of them.
const MIN_PING_INTERVAL: Duration = Duration::from_secs(5);
/// How long a client has to read the reason why its connection is closed, and to respond to it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many messages are received and ignored until a client responds to the close message.
const MAX_IGNORED_MESSAGES: usize = 1_000;

const NO_UPGRADE: &str =
    "This address is for WebSocket connections. Open one with new WebSocket(...).";

/// Upgrades the connection to WebSocket.
///
/// # Errors
/// 400 if the request is no WebSocket handshake, 403 if another site's page sent it, 503 if a
/// stream limit is reached.
pub async fn websocket(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    mut request: Request,
) -> Result<Response, Problem> {
    if is_cross_site(request.headers(), &state.settings) {
        return Err(cross_site());
    }
    let response = create_response_with_body(&request, Body::empty)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, NO_UPGRADE))?;
    let streams = state.streams.clone();
    let permit = streams.admit(address)?;
    let headers = request.headers();
    let voter = headers.contains_key(COOKIE).then(|| {
        let jar = CookieJar::from_headers(headers);
        Arc::new(Voter::new(state, jar, address))
    });
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = streams.tasks.clone();
    tasks.spawn(async move {
        // Fails if the client closes the connection before the response is written.
        if let Ok(upgraded) = upgrade.await {
            let stream = TokioIo::new(upgraded);
            let socket =
                WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await;
            Session::new(streams, address, permit, voter)
                .run(socket)
                .await;
        }
    });
    Ok(response)
}

/// A message from the client.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Command {
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    Like(Like),
    Unlike(Unlike),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Like {
    like: UpdateId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlike {
    unlike: UpdateId,
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

/// An event of a feed; `None` after the last one.
type FeedEvent = (FeedId, Option<Event>);

/// A WebSocket connection and its subscriptions.
struct Session {
    streams: Streams,
    events: SelectAll<BoxStream<'static, FeedEvent>>,
    subscriptions: HashMap<FeedId, Subscription>,
    address: IpAddr,
    invalid_messages: usize,
    budget: MessageBudget,
    pinged_at: Option<Instant>,
    /// Who likes updates; `None` if the client has no cookies.
    voter: Option<Arc<Voter>>,
    _permit: Permit,
}

/// A subscription to one feed.
struct Subscription {
    /// Ends the feed's stream of events.
    abort: AbortHandle,
    permit: Permit,
}

/// Why a session ends.
enum Exit {
    /// The server closes the connection, with this code and reason.
    Close(CloseCode, &'static str),
    /// The client closed the connection, or does not read.
    Disconnected,
}

const UNREADABLE_MESSAGE: Exit = Exit::Close(
    CloseCode::Size,
    "A message is longer than 1 KiB, or can't be decoded.",
);
const TOO_MANY_MESSAGES: Exit = Exit::Close(
    CloseCode::Policy,
    "More than 300 messages, or 20 pings and pongs, were sent in 15 seconds.",
);
const INVALID_MESSAGE: &str = "Messages are {\"subscribe\": FEED, \"since\": CURSOR}, {\"unsubscribe\": FEED}, {\"like\": UPDATE} or {\"unlike\": UPDATE}. A feed is the id of an entry, \"all\", or \"room-\" and the name of a room.";

impl Session {
    fn new(streams: Streams, address: IpAddr, permit: Permit, voter: Option<Arc<Voter>>) -> Self {
        Self {
            streams,
            address,
            events: SelectAll::new(),
            subscriptions: HashMap::new(),
            invalid_messages: 0,
            budget: MessageBudget::new(Instant::now()),
            pinged_at: None,
            voter,
            _permit: permit,
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let exit = self.run_until_closed(&mut socket).await;
        if let Exit::Close(code, reason) = exit {
            if code == CloseCode::Policy {
                self.streams.logs.policy_violations.log(|connections| {
                    tracing::info!(connections, reason, "WebSocket connections were closed");
                });
            }
            let close = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            };
            // The connection is closed even if the client doesn't read the reason.
            let _ = timeout(CLOSE_TIMEOUT, close_socket(socket, close)).await;
        }
    }

    async fn run_until_closed(&mut self, socket: &mut WebSocket) -> Exit {
        let mut last_received = Instant::now();
        loop {
            let response = tokio::select! {
                received = socket.next() => {
                    let Some(Ok(message)) = received else {
                        return match received {
                            Some(Err(error)) if is_unreadable(&error) => UNREADABLE_MESSAGE,
                            _ => Exit::Disconnected,
                        };
                    };
                    last_received = Instant::now();
                    if !self.budget.allows(&message, last_received) {
                        return TOO_MANY_MESSAGES;
                    }
                    match message {
                        Message::Text(text) if text.len() <= MAX_MESSAGE_LENGTH => {
                            self.handle_message(&text).await
                        }
                        Message::Text(_) => return UNREADABLE_MESSAGE,
                        Message::Binary(_) | Message::Frame(_) => Err(InvalidMessage),
                        Message::Ping(_) => match within_deadline(socket.flush()).await {
                            // Flushes the pong, which tungstenite has queued.
                            Ok(()) => continue,
                            Err(SendError) => return Exit::Disconnected,
                        },
                        Message::Pong(_) => continue,
                        Message::Close(_) => {
                            // Flushes the close frame, which tungstenite has queued.
                            let _ = timeout(CLOSE_TIMEOUT, socket.flush()).await;
                            return Exit::Disconnected;
                        }
                    }
                }
                Some((feed, event)) = self.events.next() => {
                    let Some(event) = event else {
                        self.subscriptions.remove(&feed);
                        if self.subscriptions.is_empty() && self.streams.newsroom.hub().is_closing() {
                            return Exit::Close(CloseCode::Away, "The server is shutting down. Connect again.");
                        }
                        continue;
                    };
                    if event.is_heartbeat() && self.ping(socket).await.is_err() {
                        return Exit::Disconnected;
                    }
                    Ok(Some(event.message(feed)))
                }
                () = sleep_until(last_received + PONG_TIMEOUT) => {
                    return Exit::Close(CloseCode::Policy, "No message or pong was received for 45 seconds.");
                }
            };
            let message = match response {
                Ok(Some(message)) => message,
                Ok(None) => continue,
                Err(InvalidMessage) => {
                    self.invalid_messages += 1;
                    if self.invalid_messages > MAX_INVALID_MESSAGES {
                        return Exit::Close(
                            CloseCode::Policy,
                            "Too many invalid messages were sent.",
                        );
                    }
                    invalid_message_event()
                }
            };
            if send_text(socket, message).await.is_err() {
                return Exit::Disconnected;
            }
        }
    }

    /// Sends a ping, unless the last one was sent less than [`MIN_PING_INTERVAL`] ago.
    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), SendError> {
        let now = Instant::now();
        if self
            .pinged_at
            .is_some_and(|at| now - at < MIN_PING_INTERVAL)
        {
            return Ok(());
        }
        self.pinged_at = Some(now);
        within_deadline(socket.send(Message::Ping(Bytes::new()))).await
    }

    /// Handles a message from the client. Returns the message to send in response, if there is one.
    async fn handle_message(&mut self, text: &str) -> Result<Option<Bytes>, InvalidMessage> {
        match serde_json::from_str(text).map_err(|_| InvalidMessage)? {
            Command::Subscribe(Subscribe { subscribe, since }) => {
                let feed = feed_id(&subscribe).map_err(|_| InvalidMessage)?;
                let first = match since.as_deref().map(str::parse::<Cursor>).transpose() {
                    Ok(since) => self.subscribe(feed, since).await,
                    Err(invalid) => Err(invalid.into()),
                };
                let error = |problem: Problem| Event::error(problem.sentence()).message(feed);
                Ok(Some(first.unwrap_or_else(error)))
            }
            Command::Unsubscribe(Unsubscribe { unsubscribe }) => {
                let feed = feed_id(&unsubscribe).map_err(|_| InvalidMessage)?;
                if let Some(subscription) = self.subscriptions.remove(&feed) {
                    subscription.abort.abort();
                }
                Ok(None)
            }
            Command::Like(Like { like }) => Ok(Some(self.set_like(like, true).await)),
            Command::Unlike(Unlike { unlike }) => Ok(Some(self.set_like(unlike, false).await)),
        }
    }

    /// Sets or removes a like, and returns the response.
    fn set_like(&self, update: UpdateId, liked: bool) -> impl Future<Output = Bytes> + use<> {
        let voter = self.voter.clone();
        async move {
            match voter {
                Some(voter) => voter.set_like(update, liked).await,
                None => no_voter(update),
            }
        }
    }

    /// Subscribes to a feed, in place of an earlier subscription to it. Returns the first message.
    async fn subscribe(&mut self, feed: FeedId, since: Option<Cursor>) -> Result<Bytes, Problem> {
        if self.subscriptions.len() >= MAX_FEEDS && !self.subscriptions.contains_key(&feed) {
            let sentence =
                "A connection can subscribe to at most 100 feeds. Unsubscribe from one first.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, sentence));
        }
        let (first, rest) = match EventStream::open(&self.streams.newsroom, feed, since).await? {
            Opening::Stream(first, events) => (first, Some(events)),
            Opening::Reset(event) => (event, None),
        };
        let previous = self.subscriptions.remove(&feed).map(|previous| {
            previous.abort.abort();
            previous.permit
        });
        if let Some(events) = rest {
            let permit = match previous {
                Some(permit) => permit,
                None => self.streams.admit_subscription(self.address)?,
            };
            let events = stream::unfold(events, |mut events| async {
                Some((Some(events.next().await?), events))
            });
            let last = stream::iter([None]);
            let (events, abort) =
                stream::abortable(events.chain(last).map(move |event| (feed, event)));
            self.events.push(events.boxed());
            self.subscriptions
                .insert(feed, Subscription { abort, permit });
        }
        Ok(first.message(feed))
    }
}

/// Sends the close message, then receives until the client closes the connection as well.
///
/// If the connection were closed while messages of the client are unread, the operating system
/// would reset it, and the client could lose the close message.
async fn close_socket(mut socket: WebSocket, close: CloseFrame) {
    if socket.send(Message::Close(Some(close))).await.is_ok() {
        for _ in 0..MAX_IGNORED_MESSAGES {
            if !matches!(socket.next().await, Some(Ok(_))) {
                return;
            }
        }
    }
}

/// A message that is no command.
struct InvalidMessage;

/// Returns the response to an invalid message.
fn invalid_message_event() -> Bytes {
    let data = serde_json::json!({ "error": INVALID_MESSAGE });
    let message = serde_json::json!({ "event": "stream-error", "data": data });
    message.to_string().into()
}
