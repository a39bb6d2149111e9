//! `/events/`: the messages of rooms in the protocol of django-eventstream, so that its clients
//! work unchanged.
//!
//! A channel is the id of a room's feed. The id of an event contains the last revision of each
//! channel, as `room-lobby:12,room-kitchen:15`. Whatever a browser must read is sent with status
//! 200, because `EventSource` can't read the body of another response.

use std::{collections::VecDeque, convert::Infallible};

use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{Cursor, FeedId, Rev, RoomName};
use futures::{FutureExt, StreamExt, future::select_all, stream};
use newsroom::{
    Error,
    feed::{RoomMessage, StreamEvent, Subscription},
};
use serde_json::json;

use super::{
    event_stream::{EventStream, Feed, Opening},
    events_request::EventsRequest,
    open_streams::Streams,
    sse::{LAST_EVENT_ID, event_stream_response},
};
use crate::{
    extract::client_address::ClientAddress, problem::Problem, security::address_limits::Permit,
};

/// How many changes a client may have missed. One that missed more receives `stream-reset`.
const MAX_MISSED: u16 = 1_000;

const KEEP_ALIVE: &[u8] = b"event: keep-alive\ndata:\n\n";
const OPEN_BEFORE_RESET: &[u8] = b"event: stream-open\ndata:\n\n";

/// Opens a stream of the messages in the channels of the query, after `Last-Event-ID` or
/// `lastEventId`, or else from now on.
///
/// # Errors
/// 400 if the client continues after an error, as in the original; 503 if a stream limit is
/// reached, or the database can't be reached. All other refusals are events.
pub async fn events(
    State(streams): State<Streams>,
    ClientAddress(address): ClientAddress,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get(&LAST_EVENT_ID);
    let last = last.map(|id| id.to_str().unwrap_or(":").to_owned());
    let request = match EventsRequest::parse(query.as_deref().unwrap_or_default(), last) {
        Ok(Some(request)) => request,
        Ok(None) => {
            let sentence = "Invalid request: Can't resume session after stream-error.";
            return Err(Problem::new(StatusCode::BAD_REQUEST, sentence));
        }
        Err(text) => return Ok(only_event(error("bad-request", text, &[]))),
    };
    let mut unknown = Vec::new();
    let mut rooms = Vec::new();
    for (channel, since) in request.channels {
        match find(&streams, &channel).await? {
            Some(name) => rooms.push((name, since)),
            None => unknown.push(channel),
        }
    }
    if !unknown.is_empty() {
        return Ok(only_event(denied(&unknown)));
    }
    let mut permits = vec![streams.admit(address)?];
    for _ in rooms.iter().skip(1) {
        permits.push(streams.admit_subscription(address)?);
    }
    match Connection::open(&streams, &rooms, permits).await {
        Ok(connection) => Ok(event_stream_response(connection.into_body())),
        // Hidden since.
        Err(Error::NotFound(_)) => {
            let all: Vec<_> = rooms.iter().map(|(name, _)| channel_of(*name)).collect();
            Ok(only_event(denied(&all)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the room of a channel; `None` if there is none, or readers can't see it.
async fn find(streams: &Streams, channel: &str) -> Result<Option<RoomName>, Problem> {
    let Ok(FeedId::Room(name)) = channel.parse() else {
        return Ok(None);
    };
    match streams.newsroom.head(FeedId::Room(name)).await {
        Ok(_) => Ok(Some(name)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn channel_of(room: RoomName) -> String {
    FeedId::Room(room).to_string()
}

/// One connection: its channels, and the events that are ready.
struct Connection {
    channels: Vec<Channel>,
    ready: VecDeque<Bytes>,
    has_ended: bool,
    _permits: Vec<Permit>,
}

/// A channel: a room's feed, and the connection's position in it.
struct Channel {
    name: String,
    feed: Feed,
    subscription: Subscription,
    /// The revision in the id of the next event.
    rev: Rev,
    /// Whether the room is closed, and nothing follows.
    is_closed: bool,
}

impl Connection {
    async fn open(
        streams: &Streams,
        rooms: &[(RoomName, Option<Rev>)],
        permits: Vec<Permit>,
    ) -> Result<Self, Error> {
        let (mut channels, mut reset) = (Vec::new(), Vec::new());
        for &(room, since) in rooms {
            let (channel, is_reset) = Channel::open(streams, room, since).await?;
            if is_reset {
                reset.push(channel.name.clone());
            }
            channels.push(channel);
        }
        let mut opened = Self {
            channels,
            ready: VecDeque::new(),
            has_ended: false,
            _permits: permits,
        };
        if reset.is_empty() {
            opened.push("stream-open", "");
        } else {
            // Without an id: a client that is cut off before the reset requests its old position.
            opened
                .ready
                .push_back(Bytes::from_static(OPEN_BEFORE_RESET));
            opened.push("stream-reset", &json!({ "channels": reset }).to_string());
        }
        for at in 0..opened.channels.len() {
            let channel = &opened.channels[at];
            let (rev, head) = (channel.rev, channel.feed.head());
            if rev < head {
                opened.catch_up(at, rev).await;
            }
        }
        Ok(opened)
    }

    fn into_body(self) -> Body {
        let events = stream::unfold(self, |mut connection| async {
            let event = connection.next().await?;
            Some((Ok::<_, Infallible>(event), connection))
        });
        Body::from_stream(events.boxed())
    }

    /// Waits for the next event; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.has_ended {
                return None;
            }
            self.wait().await;
        }
    }

    /// Waits for a change of a channel, and makes the events that it causes.
    async fn wait(&mut self) {
        if self.channels.iter().all(|channel| channel.is_closed) {
            let all: Vec<_> = self.channels.iter().map(|it| it.name.clone()).collect();
            self.ready
                .push_back(error("closed", "This room is closed.", &all));
            self.has_ended = true;
            return;
        }
        let open = self.channels.iter_mut().enumerate();
        let open = open.filter(|(_, channel)| !channel.is_closed);
        let next: Vec<_> = open
            .map(|(at, channel)| {
                let next = channel.subscription.next();
                next.map(move |event| (at, event)).boxed()
            })
            .collect();
        let ((at, event), ..) = select_all(next).await;
        match event {
            StreamEvent::Batch(frame) => self.push_messages(at, frame.messages(), frame.to),
            StreamEvent::Behind(rev) => self.catch_up(at, rev).await,
            // One for all channels.
            StreamEvent::Heartbeat(_) if self.is_first_open(at) => {
                self.ready.push_back(Bytes::from_static(KEEP_ALIVE));
            }
            StreamEvent::Heartbeat(_) | StreamEvent::Counts(_) => {}
            StreamEvent::Reset => self.reset(at),
            StreamEvent::Ended => self.channels[at].is_closed = true,
            StreamEvent::Closing => self.has_ended = true,
        }
    }

    fn is_first_open(&self, at: usize) -> bool {
        self.channels.iter().position(|it| !it.is_closed) == Some(at)
    }

    /// Reads the changes after `rev` from the database, up to the last one, and makes the events of
    /// their messages. All are read first: one that was deleted and restored is among the last
    /// changes, although it was sent before others.
    async fn catch_up(&mut self, at: usize, mut rev: Rev) {
        let mut messages = Vec::new();
        loop {
            match self.channels[at].feed.read(rev).await {
                Ok(frame) => {
                    messages.extend_from_slice(frame.messages());
                    rev = frame.to;
                    if !frame.more {
                        break;
                    }
                }
                Err(Error::Reset(_)) => return self.reset(at),
                // The client reconnects.
                Err(_) => {
                    self.has_ended = true;
                    return;
                }
            }
            if messages.len() > usize::from(MAX_MISSED) {
                return self.reset(at);
            }
        }
        self.channels[at].subscription.caught_up(rev);
        self.push_messages(at, &messages, rev);
    }

    /// Makes the events of `messages`, in the order in which they were sent, and continues after
    /// `to`. A message that was deleted and restored has been sent before.
    fn push_messages(&mut self, at: usize, messages: &[RoomMessage], to: Rev) {
        let before = self.channels[at].rev;
        let new = messages.iter().filter(|message| message.sent_rev > before);
        let mut new: Vec<_> = new.collect();
        new.sort_by_key(|message| message.sent_rev);
        for message in new {
            self.channels[at].rev = message.sent_rev;
            let data = String::from_utf8_lossy(&message.json).into_owned();
            self.push("message", &data);
        }
        self.channels[at].rev = to.max(before);
    }

    /// Ends the stream after a reset: another epoch has begun, or the client is too far behind.
    fn reset(&mut self, at: usize) {
        let channel = &mut self.channels[at];
        channel.rev = channel.feed.head();
        let data = json!({ "channels": [channel.name] }).to_string();
        self.push("stream-reset", &data);
        self.has_ended = true;
    }

    /// Makes an event with the id of the current position.
    fn push(&mut self, name: &str, data: &str) {
        let ids = self
            .channels
            .iter()
            .map(|it| format!("{}:{}", it.name, it.rev));
        let id = ids.collect::<Vec<_>>().join(",");
        self.ready.push_back(event(name, &id, data));
    }
}

impl Channel {
    /// Opens the channel of a room after `since`, or from now on. Returns whether it can't continue
    /// there.
    async fn open(
        streams: &Streams,
        room: RoomName,
        since: Option<Rev>,
    ) -> Result<(Self, bool), Error> {
        let (newsroom, id) = (&streams.newsroom, FeedId::Room(room));
        let is_reset = match since {
            Some(since) => newsroom.is_behind_room(room, since, MAX_MISSED).await?,
            None => false,
        };
        let head = newsroom.head(id).await?;
        // From revision 0 on, a batch has the last messages only. No message has revision 1.
        let since = since.filter(|_| !is_reset);
        let since = since.map(|since| Cursor::new(head.epoch, since.max(1).min(head.head)));
        match EventStream::open(newsroom, id, since).await? {
            Opening::Stream(_, events) => Ok((Self::new(room, events), is_reset)),
            Opening::Reset(_) => match EventStream::open(newsroom, id, None).await? {
                Opening::Stream(_, events) => Ok((Self::new(room, events), true)),
                Opening::Reset(_) => Err(Error::Busy),
            },
        }
    }

    fn new(room: RoomName, events: EventStream) -> Self {
        let (feed, subscription) = events.into_parts();
        Self {
            name: channel_of(room),
            feed,
            rev: subscription.cursor(),
            subscription,
            is_closed: false,
        }
    }
}

fn denied(channels: &[String]) -> Bytes {
    let text = format!("Permission denied to channels: {}", channels.join(", "));
    error("forbidden", &text, channels)
}

/// Returns the event after which a client must not reconnect.
fn error(condition: &str, text: &str, channels: &[String]) -> Bytes {
    let mut data = json!({ "condition": condition, "text": text });
    if !channels.is_empty() {
        data["channels"] = json!(channels);
    }
    event("stream-error", "error", &data.to_string())
}

/// Returns an event, whose data is one line.
fn event(name: &str, id: &str, data: &str) -> Bytes {
    let space = if data.is_empty() { "" } else { " " };
    Bytes::from(format!("event: {name}\nid: {id}\ndata:{space}{data}\n\n"))
}

/// Returns a response with one event.
fn only_event(event: Bytes) -> Response {
    event_stream_response(Body::from(event))
}
