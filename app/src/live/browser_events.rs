//! The browser's events: visibility, network changes, and what the reader clicks.

use std::rc::Rc;

use domain::{ClientEvent, StreamEvent, wire::Value};
use leptos::prelude::window_event_listener_untyped;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::{
    client::LiveClient,
    dom::text,
    page::{Page, is_visible},
    wire::{JsonValue, decode},
};
use crate::{
    entry::bar_ids,
    likes::{LikeEvent, pass_on},
};

/// Adds the client's listeners, for as long as the document lives. All of them are on the window,
/// and find elements by id, so that a translator or an extension that replaces nodes does no harm.
pub fn listen(client: &Rc<LiveClient>) {
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
    on(client, "click", |client, event| {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        if let Some(target) = target {
            on_click(client, &client.page, &target, event);
        }
    });
    on(client, "hashchange", |client, _| client.page.go_to_linked());
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

/// Handles a click on a button of the bar, on a link to an update, or on that to its likes.
fn on_click(client: &LiveClient, page: &Page, target: &Element, event: &Event) {
    let Ok(Some(control)) = target.closest("button, a[href]") else {
        return;
    };
    match control.id().as_str() {
        bar_ids::ORDER => page.flip(),
        bar_ids::ZONE => client.switch_zone(),
        bar_ids::PENDING => page.go_to_pending(),
        _ => {
            let href = text(&control, "href");
            if href.ends_with("/like") && client.has_likes() {
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
fn on(client: &Rc<LiveClient>, event: &str, handler: fn(&Rc<LiveClient>, &Event)) {
    let client = Rc::clone(client);
    window_event_listener_untyped(event, move |event| handler(&client, &event));
}
