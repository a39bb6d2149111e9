//! A client that behaves like a live page (`app/src/live/client.rs`), without the page. The page's
//! own state machine makes all decisions: [`domain::Client`]. This module only carries out its
//! actions, over real connections.

mod config;
mod event;
mod event_stream;
mod fetch;
mod page;
mod stream;
mod task;
mod websocket;

pub use config::{ClientConfig, ClientKind};
pub use event_stream::{EventStream, field};
pub use page::PageUpdates;
pub use task::{Client, fetch_all_messages, fetch_everything};
