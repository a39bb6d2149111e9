//! A stream of the feed over WebSocket.

use domain::{StreamEvent, wire::Value};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::WebSocket;

use super::event::decode;
use crate::live::wire::JsonValue;

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open stream over WebSocket. Dropping it closes it.
pub struct WebSocketStream {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl WebSocketStream {
    /// Subscribes to `feed` from `cursor` on, and passes events to `on_event`. Returns `None` if
    /// the browser has no `WebSocket`.
    pub fn open(
        feed: &str,
        cursor: &str,
        on_event: impl Fn(StreamEvent) + Clone + 'static,
    ) -> Option<Self> {
        let origin = window().location().origin().ok()?;
        // From http comes ws, and from https wss.
        let url = ["ws", origin.strip_prefix("http")?, "/ws"].concat();
        let socket = WebSocket::new(&url).ok()?;
        // Feed ids and cursors need no escaping.
        let subscribe = [r#"{"subscribe":""#, feed, r#"","since":""#, cursor, r#""}"#].concat();
        let opened = socket.clone();
        let on_open: Listener = Closure::new(move |_| {
            // If the socket broke meanwhile, `close` follows.
            let _ = opened.send_with_str(&subscribe);
        });
        let on_message_event = on_event.clone();
        let on_message: Listener = Closure::new(move |event: JsValue| {
            let event = parse(&JsonValue::of(event));
            on_message_event(event.unwrap_or(StreamEvent::Failed));
        });
        let on_close: Listener = Closure::new(move |_| on_event(StreamEvent::Failed));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            socket,
            _listeners: [on_open, on_message, on_close],
        })
    }
}

/// Decodes a message. Returns `None` if it is malformed or an error.
fn parse(event: &JsonValue) -> Option<StreamEvent> {
    let message = JsonValue::parse(&event.get("data")?.string()?)?;
    decode(&message.get("event")?.string()?, message.get("data"))
}

impl Drop for WebSocketStream {
    fn drop(&mut self) {
        // A close by the page is no failure, and must not be reported as one.
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // It may be closed already.
        let _ = self.socket.close();
    }
}
