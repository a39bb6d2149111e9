//! A stream of the feed over server-sent events.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::stream_event::StreamEvent;

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open stream over server-sent events. Dropping it closes it.
pub struct SseStream {
    source: EventSource,
    _listener: Listener,
}

impl SseStream {
    /// Opens a stream of `url` that passes its events to `on_event`. Returns `None` if the browser
    /// has no `EventSource`.
    pub fn open(url: &str, on_event: impl Fn(StreamEvent) + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let listener: Listener = Closure::new(move |event: JsValue| {
            // The browser's own error event carries no data.
            let message = event.dyn_ref::<MessageEvent>();
            let event = message
                .and_then(|event| StreamEvent::named(&event.type_(), event.data().as_string()?));
            on_event(event.unwrap_or(StreamEvent::Failed));
        });
        for event in ["batch", "heartbeat", "stream-reset", "bye", "error"] {
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

impl Drop for SseStream {
    /// Without this, the browser would retry the URL for ever.
    fn drop(&mut self) {
        self.source.close();
    }
}
