//! The events of a stream, which both transports carry.

/// An event of a stream. Payloads are JSON, not yet parsed.
pub enum StreamEvent {
    /// Changes of the feed.
    Batch(String),
    /// A sign of life, with the feed's head.
    Heartbeat(String),
    /// The feed starts again in another epoch.
    Reset(String),
    /// The server closes the stream, with the reason.
    Bye(String),
    /// The stream broke or was refused.
    Failed,
}

impl StreamEvent {
    /// Returns the event with this name and payload, or `None` if no event has this name.
    pub fn named(name: &str, data: String) -> Option<Self> {
        let event: fn(String) -> Self = match name {
            "batch" => Self::Batch,
            "heartbeat" => Self::Heartbeat,
            "stream-reset" => Self::Reset,
            "bye" => Self::Bye,
            _ => return None,
        };
        Some(event(data))
    }
}
