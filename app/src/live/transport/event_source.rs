//! A stream of the feed over server-sent events.

use domain::{EventName, StreamEvent, wire::Value};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::EventSource;

use super::event::decode;
use crate::live::wire::JsonValue;

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open stream over server-sent events. Dropping it closes it.
pub struct EventSourceStream {
    source: EventSource,
    _listener: Listener,
}

impl EventSourceStream {
    /// Opens a stream of `url` that passes its events to `on_event`. Returns `None` if the browser
    /// has no `EventSource`.
    pub fn open(url: &str, on_event: impl Fn(StreamEvent) + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let listener: Listener = Closure::new(move |event: JsValue| {
            // The browser's own error event carries no data.
            let event = JsonValue::of(event);
            let decoded = event.get("data").and_then(|data| {
                let data = JsonValue::parse(&data.string()?);
                decode(&event.get("type")?.string()?, data)
            });
            on_event(decoded.unwrap_or(StreamEvent::Failed));
        });
        let names = EventName::ALL.iter().map(|name| name.as_str());
        for event in names.chain(["error"]) {
            // Can't fail: the listener is a function.
            let _ =
                source.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
        }
        Some(Self {
            source,
            _listener: listener,
        })
    }
}

impl Drop for EventSourceStream {
    /// Without this, the browser would retry the URL for ever.
    fn drop(&mut self) {
        self.source.close();
    }
}
