//! What goes into a [`Connection`](super::Connection), and what comes out of it.

use crate::{EntryState, text::word_enum};

word_enum!(
    /// How batches reach a page.
    Transport as "transport" {
        /// A stream where one is available, otherwise polling.
        Auto = "auto",
        /// A stream of server-sent events, without polling.
        Sse = "sse",
        /// Polling only.
        Poll = "poll",
        /// A WebSocket, without polling.
        WebSocket = "websocket",
    }
);

impl Transport {
    /// Returns whether it is a stream without polling.
    pub(super) const fn is_stream(self) -> bool {
        matches!(self, Self::Sse | Self::WebSocket)
    }
}

/// An event that the page reports to its [`Connection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// About a second has passed.
    Tick,
    /// The stream delivered a batch.
    BatchReceived,
    /// The stream delivered a heartbeat.
    Heartbeat {
        /// The polling interval, in milliseconds.
        interval_ms: u32,
        /// The transport that the server prefers.
        transport: Transport,
        /// Whether the server's head is ahead of the page's cursor.
        is_behind: bool,
    },
    /// The stream was closed by an error, or could not be opened.
    StreamFailed,
    /// The page has no stream, or must close it: other pages of this browser hold all stream slots.
    NoStreamFree,
    /// The server closed the stream with a `bye` event: the entry has ended.
    Bye,
    /// A request for `head` succeeded.
    HeadReceived {
        /// The entry's state.
        state: EntryState,
        /// The polling interval, in milliseconds.
        interval_ms: u32,
        /// The transport that the server prefers.
        transport: Transport,
        /// Whether the page has to fetch changes.
        is_behind: bool,
    },
    /// A request for `head` or `changes` failed, or exceeded [`FETCH_DEADLINE_MS`].
    FetchFailed,
    /// All changes were fetched and applied.
    CaughtUp,
    /// The tab became visible (`true`) or hidden (`false`).
    Visible(bool),
    /// The network is back, or the page was restored from the back/forward cache.
    Resumed,
    /// The browser reports that it has no network.
    Offline,
}

/// An action for the page to carry out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a stream from the cursor. A fetch may be in progress at the same time.
    OpenStream,
    /// Close the stream.
    CloseStream,
    /// Request `head`.
    FetchHead,
    /// Request the changes since the cursor.
    CatchUp,
}

word_enum!(
    /// The connection's state as it is shown to the reader.
    ConnectionStatus as "connection status" {
        /// The page has not reached the server yet.
        Connecting = "connecting",
        /// Updates arrive as they are posted.
        Live = "live",
        /// Updates arrive every few seconds.
        Polling = "polling",
        /// The server is unreachable; the page keeps retrying.
        Reconnecting = "reconnecting",
        /// The browser has no network.
        Offline = "offline",
        /// The entry has ended.
        Ended = "ended",
    }
);
