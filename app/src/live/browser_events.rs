//! The browser's events: visibility, network changes, and what the reader clicks.

use std::rc::Rc;

use domain::{ClientEvent, StreamEvent, wire::Value};
use leptos::prelude::window_event_listener_untyped;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::{
    client::{FeedClient, View},
    dom::text,
    live_view::{LiveClient, LiveView},
    page::is_visible,
    wire::{JsonValue, decode},
};
use crate::{
    entry::bar_ids,
    likes::{LikeEvent, pass_on},
    rooms,
};

/// Adds the listeners of a live page, for as long as the document lives. All of them are on the
/// window, and find elements by id, so that a translator or an extension that replaces nodes does
/// no harm.
pub fn listen(client: &Rc<LiveClient>) {
    follow_browser(client);
    on(client, "click", |client, event| {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        if let Some(target) = target {
            on_click(&client.view, &target, event);
        }
    });
    on(client, "hashchange", |client, _| {
        client.view.page.go_to_linked();
    });
    // Tests dispatch `ringside:batch` to pass a batch as if a stream had sent it. `detail` is the
    // batch's JSON.
    on(client, "ringside:batch", |client, event| {
        let json = JsonValue::of(event.into()).get("detail");
        if let Some(json) = json.and_then(|it| it.string()) {
            let batch = StreamEvent::Batch(decode(&json));
            client.dispatch(ClientEvent::Stream(batch));
        }
    });
}

/// Passes the browser's visibility and network changes to a client, for as long as the document
/// lives.
pub fn follow_browser<V: View>(client: &Rc<FeedClient<V>>) {
    on(client, "visibilitychange", |client, _| {
        client.dispatch(ClientEvent::Visible(is_visible()));
    });
    on(client, "online", |client, _| {
        client.dispatch(ClientEvent::Resumed);
    });
    on(client, "offline", |client, _| {
        client.dispatch(ClientEvent::Offline);
    });
    on(client, "pageshow", |client, event| {
        let persisted = JsonValue::of(event.into()).get("persisted");
        if persisted.and_then(|it| it.boolean()) == Some(true) {
            client.dispatch(ClientEvent::Resumed);
        }
    });
}

/// Handles a click on a button of the bar, on a link to an update, on that to its likes, or on that
/// to the chat.
fn on_click(view: &LiveView, target: &Element, event: &Event) {
    let page = &view.page;
    let Ok(Some(control)) = target.closest("button, a[href]") else {
        return;
    };
    match control.id().as_str() {
        bar_ids::ORDER => page.flip(),
        bar_ids::ZONE => view.switch_zone(),
        bar_ids::PENDING => page.go_to_pending(),
        _ => {
            let href = text(&control, "href");
            if control.id() == bar_ids::CHAT {
                event.prevent_default();
                rooms::open(Some(control));
                return;
            }
            if href.ends_with("/like") && view.has_likes {
                event.prevent_default();
                pass_on(LikeEvent::Click(control));
                return;
            }
            // The browser follows the link after this handler.
            if let Some((_, fragment)) = href.split_once('#') {
                page.reveal_linked(fragment);
            }
        }
    }
}

/// Adds a listener to the window, for as long as the document lives.
fn on<V: View>(client: &Rc<FeedClient<V>>, event: &str, handler: fn(&Rc<FeedClient<V>>, &Event)) {
    let client = Rc::clone(client);
    window_event_listener_untyped(event, move |event| handler(&client, &event));
}
