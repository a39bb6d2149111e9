//! The events of a stream, which both transports carry.

use domain::{EventName, StreamEvent, wire::Decode};

use crate::{
    likes::{LikeEvent, pass_on},
    live::wire::JsonValue,
};

/// Decodes the event with this name and payload. Returns `None` if no event has this name.
pub fn decode(name: &str, data: Option<JsonValue>) -> Option<StreamEvent> {
    Some(match EventName::new(name)? {
        EventName::Batch => StreamEvent::Batch(decoded(data)),
        EventName::Heartbeat => StreamEvent::Heartbeat(decoded(data)),
        EventName::Counts => {
            if let Some(counts) = data {
                pass_on(LikeEvent::Counts(counts));
            }
            // Counts are no changes, but a sign of life.
            StreamEvent::Heartbeat(None)
        }
        EventName::Reset => StreamEvent::Reset(decoded(data)),
        EventName::Bye => StreamEvent::Bye(decoded(data)),
        EventName::Error => StreamEvent::Failed,
    })
}

fn decoded<T: Decode>(data: Option<JsonValue>) -> Option<T> {
    T::decode(&data?)
}
