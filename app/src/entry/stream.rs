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

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open stream.
pub struct Stream {
    source: EventSource,
    _listeners: Vec<Listener>,
}

impl Stream {
    /// Opens `url`, and tells `hear` whatever is said. `None` where the browser knows no streams.
    pub fn open(url: &str, hear: impl Fn(Said) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(url).ok()?;
        let mut listeners = Vec::new();
        let mut listen = |event: &str, said: fn(String) -> Said| {
            let hear = hear.clone();
            let listener: Listener = Closure::new(move |event: JsValue| {
                // The browser's own error event carries no data.
                let data = event
                    .dyn_ref::<MessageEvent>()
                    .and_then(|message| message.data().as_string());
                hear(data.map_or(Said::Failed, said));
            });
            // A name and a function are always taken.
            let _ =
                source.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
            listeners.push(listener);
        };
        listen("batch", Said::Batch);
        listen("heartbeat", Said::Heartbeat);
        listen("stream-reset", Said::Reset);
        listen("bye", Said::Bye);
        listen("error", |_| Said::Failed);
        Some(Self {
            source,
            _listeners: listeners,
        })
    }
}

impl Drop for Stream {
    /// Without this the browser would go on trying the address by itself, for ever.
    fn drop(&mut self) {
        self.source.close();
    }
}
