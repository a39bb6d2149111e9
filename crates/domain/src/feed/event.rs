//! The names of a stream's events, the same on every transport.

use crate::text::word_enum;

word_enum!(
    /// The name of an event of a stream.
    EventName as "event" {
        /// Changes of the feed: a [`Batch`](crate::Batch).
        Batch = "batch",
        /// Counts that changed: [`Counts`](crate::Counts). Not a change of the feed.
        Counts = "counts",
        /// A sign of life, with the feed's [`Head`](crate::Head).
        Heartbeat = "heartbeat",
        /// The feed starts again in another epoch: a [`Reset`](crate::Reset).
        Reset = "stream-reset",
        /// The request is invalid. Contains a message for people; the stream is closed after it.
        Error = "stream-error",
        /// The server closes the stream: a [`Bye`](crate::Bye) with the reason.
        Bye = "bye",
    }
);
