//! A stream of the feed over WebSocket; dropped, it is closed.

use js_sys::{JSON, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, WebSocket};

use super::stream::Said;

type Listener = Closure<dyn FnMut(JsValue)>;

/// An open connection.
pub struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Follows `feed` from `cursor`, and tells `hear` whatever is said. `None` where the browser knows no
    /// such connections.
    pub fn open(feed: &str, cursor: &str, hear: impl Fn(Said) + Clone + 'static) -> Option<Self> {
        let origin = window().location().origin().ok()?;
        // From http comes ws, and from https wss.
        let url = ["ws", origin.strip_prefix("http")?, "/ws"].concat();
        let socket = WebSocket::new(&url).ok()?;
        // Numbers and cursors have no need to be escaped.
        let hello = [r#"{"subscribe":""#, feed, r#"","since":""#, cursor, r#""}"#].concat();
        let opened = socket.clone();
        let on_open: Listener = Closure::new(move |_| {
            // If it broke meanwhile, it says so by itself.
            let _ = opened.send_with_str(&hello);
        });
        let told = hear.clone();
        let on_message: Listener = Closure::new(move |event: JsValue| {
            let said = event.dyn_ref::<MessageEvent>().and_then(said);
            told(said.unwrap_or(Said::Failed));
        });
        let on_close: Listener = Closure::new(move |_| hear(Said::Failed));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            socket,
            _listeners: [on_open, on_message, on_close],
        })
    }
}

/// What a message says; `None` if it makes no sense, or is an error.
fn said(event: &MessageEvent) -> Option<Said> {
    let message = JSON::parse(&event.data().as_string()?).ok()?;
    let of = |name: &str| Reflect::get(&message, &JsValue::from_str(name)).ok();
    let data = String::from(JSON::stringify(&of("data")?).ok()?);
    Said::named(&of("event")?.as_string()?, data)
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What is closed by the page is no failure, and has nothing more to say.
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // It may be closed already.
        let _ = self.socket.close();
    }
}
