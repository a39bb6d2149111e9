//! An open stream of the feed; dropped, it is closed.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventSource, MessageEvent};

/// What a stream says.
pub enum Said {
    /// A batch, as JSON.
    Batch(String),
    /// That it is alive, and where the feed stands, as JSON.
    Heartbeat(String),
    /// That the feed starts again, as JSON.
    Reset(String),
    /// Goodbye, and why, as JSON.
    Bye(String),
    /// Nothing more: it broke, or was refused.
    Failed,
}

impl Said {
    /// What the event called `name` says with this data, if there is such an event.
    pub fn named(name: &str, data: String) -> Option<Self> {
        let said: fn(String) -> Self = match name {
            "batch" => Self::Batch,
            "heartbeat" => Self::Heartbeat,
            "stream-reset" => Self::Reset,
            "bye" => Self::Bye,
            _ => return None,
        };
        Some(said(data))
    }
}

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open stream.
pub struct Stream {
    source: EventSource,
    _listener: Listener,
}

impl Stream {
    /// Opens `url`, and tells `hear` whatever is said. `None` where the browser knows no streams.
    pub fn open(url: &str, hear: impl Fn(Said) + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let listener: Listener = Closure::new(move |event: JsValue| {
            // The browser's own error event carries no data.
            let message = event.dyn_ref::<MessageEvent>();
            let said =
                message.and_then(|event| Said::named(&event.type_(), event.data().as_string()?));
            hear(said.unwrap_or(Said::Failed));
        });
        for event in ["batch", "heartbeat", "stream-reset", "bye", "error"] {
            // A name and a function are always taken.
            let _ =
                source.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
        }
        Some(Self {
            source,
            _listener: listener,
        })
    }
}

impl Drop for Stream {
    /// Without this the browser would go on trying the address by itself, for ever.
    fn drop(&mut self) {
        self.source.close();
    }
}
