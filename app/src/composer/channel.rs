//! Messages between the pages of one browser.

use leptos::web_sys::{BroadcastChannel, MessageEvent};
use wasm_bindgen::{JsCast, closure::Closure};

/// The channel's name.
const NAME: &str = "ringside";

/// A channel to the browser's other pages of this site. A message means only that something was
/// stored: each page then reads it from the storage.
#[derive(Debug)]
pub struct Channel {
    /// `None` if the browser has no channels. Pages then notice changes when they become visible.
    channel: Option<BroadcastChannel>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Channel {
    /// Opens the channel, and calls `on_change` for each message.
    pub fn open(on_change: impl Fn() + 'static) -> Self {
        let channel = BroadcastChannel::new(NAME).ok();
        let on_message = Closure::new(move |_: MessageEvent| on_change());
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        Self {
            channel,
            _on_message: on_message,
        }
    }

    /// Notifies the other pages that something was stored.
    pub fn notify(&self) {
        if let Some(channel) = &self.channel {
            // Can't fail: the channel is open, and the message is a string.
            let _ = channel.post_message(&"changed".into());
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}
