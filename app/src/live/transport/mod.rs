//! Streams of the feed.

mod event;
mod event_source;
mod slot;
mod websocket;

use domain::{Cursor, StreamEvent, Transport};

use event_source::EventSourceStream;
use slot::StreamSlot;
use websocket::WebSocketStream;

/// An open stream. Dropping it closes it.
pub enum OpenStream {
    /// Server-sent events, which occupy a slot of the browser.
    EventSource {
        /// The slot.
        slot: StreamSlot,
        /// The stream.
        _stream: EventSourceStream,
    },
    /// A WebSocket.
    WebSocket {
        /// The stream.
        _stream: WebSocketStream,
    },
}

/// The reason why a stream was not opened.
pub enum NotOpened {
    /// Other pages of this browser hold all stream slots.
    NoStreamFree,
    /// The browser lacks the transport.
    Unsupported,
}

impl OpenStream {
    /// Opens a stream of `feed` over `transport` after `cursor`, and passes its events to
    /// `on_event`.
    ///
    /// # Errors
    /// Returns the reason if it was not opened.
    pub fn open(
        transport: Transport,
        feed: &str,
        cursor: &Cursor,
        on_event: impl Fn(StreamEvent) + Clone + 'static,
    ) -> Result<Self, NotOpened> {
        let cursor = cursor.to_string();
        if transport == Transport::WebSocket {
            let stream = WebSocketStream::open(feed, &cursor, on_event);
            return Ok(Self::WebSocket {
                _stream: stream.ok_or(NotOpened::Unsupported)?,
            });
        }
        let slot = StreamSlot::claim().ok_or(NotOpened::NoStreamFree)?;
        let url = ["/feed/", feed, "/stream?since=", &cursor].concat();
        let stream = EventSourceStream::open(&url, on_event);
        Ok(Self::EventSource {
            slot,
            _stream: stream.ok_or(NotOpened::Unsupported)?,
        })
    }

    /// Renews the stream's slot. Returns whether it is still held.
    pub fn renew_slot(&self) -> bool {
        match self {
            Self::EventSource { slot, .. } => slot.renew(),
            Self::WebSocket { .. } => true,
        }
    }
}
