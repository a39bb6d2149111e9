//! Streams the feed to many connections, as server-sent events or over WebSocket.
//!
//! Each stream has a `newsroom` subscription, which is its position in the feed. An
//! [`EventStream`](event_stream::EventStream) drives one subscription, inside a task that also does
//! other work for its connection: a WebSocket connection reads messages as well. Nearly all streams
//! are server-sent events over HTTP/1.1, which need only a socket to write to. Once the response
//! has begun, their sockets are handed off ([`Handoff`](handoff::Handoff)) to the
//! [`FanOut`](fan_out::FanOut), in which one task writes to thousands of sockets.

mod event_stream;
pub mod events;
mod events_request;
mod fan_out;
pub mod handoff;
pub mod open_streams;
mod refusal;
pub mod sse;
mod subscriber;
pub mod websocket;
mod write_deadline;
