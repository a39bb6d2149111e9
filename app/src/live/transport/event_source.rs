//! A stream of the feed over server-sent events.

use domain::{EventName, StreamEvent};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventSource, MessageEvent};

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
            let event = event.dyn_ref::<MessageEvent>().and_then(|event| {
                let data = JsonValue::parse(&event.data().as_string()?);
                decode(&event.type_(), data.as_ref())
            });
            on_event(event.unwrap_or(StreamEvent::Failed));
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
