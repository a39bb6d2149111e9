//! One connection in a shard.

use std::{io, time::Duration};

use axum::body::Bytes;
use domain::Rev;
use newsroom::feed::{Event, StreamEvent, Subscription};
use socket2::SockRef;
use tokio::{sync::watch, time::Instant};

use super::{
    event_stream::{CatchUp, Feed},
    handoff::Socket,
    write_deadline::WriteDeadline,
};
use crate::security::address_limits::Permit;

/// The most bytes that the system buffers for a client that doesn't read.
const SEND_BUFFER: usize = 32 * 1024;
/// The end of a chunked body (RFC 9112, section 7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A connection that a shard writes to.
#[derive(Debug)]
pub struct Subscriber {
    subscription: Subscription,
    socket: Socket,
    /// The bytes for which the socket had no room yet.
    rest: Bytes,
    /// By when the client must have taken them.
    deadline: WriteDeadline,
    /// Whether `rest` ends the stream.
    is_last: bool,
    _permit: Permit,
}

/// The result of writing to a subscriber.
pub enum WriteOutcome {
    /// Everything was written.
    Idle,
    /// The socket is full.
    Backpressured,
    /// The next events must be read from the database, from this revision on.
    NeedsCatchUp(Rev),
    /// The client does not read what it is sent.
    TimedOut,
    /// The connection is closed, or the stream has ended.
    Closed,
}

impl WriteOutcome {
    /// Returns the outcome for a connection that was closed by `error`.
    fn of_error(error: &io::Error) -> Self {
        match error.kind() {
            // The system's own deadline is as long as ours, and may end first.
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Closed,
        }
    }
}

impl Subscriber {
    /// Begins to write to `socket` from where `subscription` is.
    pub fn new(subscription: Subscription, socket: Socket, permit: Permit) -> Self {
        // If it fails, the system buffers more for a client that doesn't read.
        let _ = SockRef::from(&socket.stream).set_send_buffer_size(SEND_BUFFER);
        Self {
            subscription,
            socket,
            rest: Bytes::new(),
            deadline: WriteDeadline::default(),
            is_last: false,
            _permit: permit,
        }
    }

    /// Returns a receiver of the feed's change notifications.
    pub fn changed(&self) -> watch::Receiver<()> {
        self.subscription.changed()
    }

    /// Returns whether the socket was full.
    pub fn is_backpressured(&self) -> bool {
        self.deadline.is_blocked()
    }

    /// Writes what comes next, for as long as the socket takes it.
    pub fn advance(&mut self, feed: &Feed) -> WriteOutcome {
        loop {
            if let Some(outcome) = self.write() {
                return outcome;
            }
            if self.is_last {
                return WriteOutcome::Closed;
            }
            match self.subscription.next_now() {
                None => {
                    self.deadline.done();
                    return WriteOutcome::Idle;
                }
                Some(StreamEvent::Batch(frame)) => self.rest = frame.event().chunk(),
                Some(StreamEvent::Heartbeat(event) | StreamEvent::Counts(event)) => {
                    self.rest = event.chunk();
                }
                Some(StreamEvent::Behind(rev)) => {
                    self.deadline.done();
                    return WriteOutcome::NeedsCatchUp(rev);
                }
                Some(StreamEvent::Reset) => self.send_last(&feed.reset()),
                Some(StreamEvent::Ended) => self.send_last(&Event::bye(true)),
                Some(StreamEvent::Closing) => self.send_last(&Event::bye(false)),
            }
        }
    }

    /// Writes the rest of the last event. Returns `None` once nothing is left.
    fn write(&mut self) -> Option<WriteOutcome> {
        while !self.rest.is_empty() {
            match self.socket.stream.try_write(&self.rest) {
                Ok(0) => return Some(WriteOutcome::Closed),
                Ok(written) => {
                    self.rest = self.rest.slice(written..);
                    self.deadline.taken(written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let now = Instant::now();
                    if now < self.deadline.blocked(now) {
                        return Some(WriteOutcome::Backpressured);
                    }
                    // Discards the bytes that the system still buffers.
                    let _ = SockRef::from(&self.socket.stream).set_linger(Some(Duration::ZERO));
                    return Some(WriteOutcome::TimedOut);
                }
                Err(error) => return Some(WriteOutcome::of_error(&error)),
            }
        }
        // An idle subscriber keeps no frame in memory.
        self.rest = Bytes::new();
        None
    }

    /// Continues with what was read from the database, if this subscriber's cursor is at `rev`.
    pub fn catch_up(&mut self, rev: Rev, catch_up: &CatchUp) {
        if self.is_last || !self.rest.is_empty() || self.subscription.cursor() != rev {
            return;
        }
        match catch_up {
            CatchUp::Advance(to, event) => {
                self.subscription.caught_up(*to);
                if let Some(event) = event {
                    self.rest = event.chunk();
                }
            }
            CatchUp::Close(event) => self.send_last(event),
        }
    }

    fn send_last(&mut self, event: &Event) {
        self.rest = [&event.chunk(), LAST_CHUNK].concat().into();
        self.is_last = true;
    }

    /// Returns the outcome if the client has closed the connection; `None` while it is open. Costs
    /// no system call while the client sends nothing.
    pub fn poll_closed(&self) -> Option<WriteOutcome> {
        let mut ignored = [0; 64];
        match self.socket.stream.try_read(&mut ignored) {
            Ok(0) => Some(WriteOutcome::Closed),
            Ok(_) => None,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => None,
                _ => Some(WriteOutcome::of_error(&error)),
            },
        }
    }
}
