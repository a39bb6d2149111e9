//! The events of a stream, which both transports carry.

use domain::{
    EventName, StreamEvent,
    wire::{Decode, Value},
};

/// Decodes the event with this name and payload. Returns `None` if no event has this name.
pub fn decode(name: &str, data: Option<&impl Value>) -> Option<StreamEvent> {
    Some(match name.parse().ok()? {
        EventName::Batch => StreamEvent::Batch(data.and_then(Decode::decode)),
        EventName::Heartbeat => StreamEvent::Heartbeat(data.and_then(Decode::decode)),
        EventName::Reset => StreamEvent::Reset(data.and_then(Decode::decode)),
        EventName::Bye => StreamEvent::Bye(data.and_then(Decode::decode)),
        EventName::Error => StreamEvent::Failed,
    })
}
