//! The browser's events: visibility, network changes, and what the reader clicks.

use std::rc::Rc;

use domain::{ClientEvent, StreamEvent};
use leptos::prelude::window_event_listener_untyped;
use wasm_bindgen::JsCast;
use web_sys::{CustomEvent, Element, Event, PageTransitionEvent};

use super::{
    client::LiveClient,
    dom::text,
    page::{Page, is_visible},
    wire::decode,
};
use crate::entry::bar_ids;

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
        let is_from_cache = event
            .dyn_ref::<PageTransitionEvent>()
            .is_some_and(PageTransitionEvent::persisted);
        if is_from_cache {
            client.dispatch(ClientEvent::Resumed);
        }
    });
    on(client, "click", |client, event| {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        if let Some(target) = target {
            on_click(client, &client.page, &target);
        }
    });
    on(client, "hashchange", |client, _| client.page.go_to_linked());
    // Tests dispatch `ringside:batch` to pass a batch as if a stream had sent it. `detail` is the
    // batch's JSON.
    on(client, "ringside:batch", |client, event| {
        let json = event
            .dyn_ref::<CustomEvent>()
            .and_then(|event| event.detail().as_string());
        if let Some(json) = json {
            let batch = StreamEvent::Batch(decode(&json));
            client.dispatch(ClientEvent::Stream(batch));
        }
    });
}

/// Handles a click on a button of the bar, or on a link to an update.
fn on_click(client: &LiveClient, page: &Page, target: &Element) {
    let Ok(Some(control)) = target.closest("button, a[href]") else {
        return;
    };
    match control.id().as_str() {
        bar_ids::ORDER => page.flip(),
        bar_ids::ZONE => client.switch_zone(),
        bar_ids::PENDING => page.go_to_pending(),
        _ => {
            // The browser follows the link after this handler.
            let href = text(&control, "href");
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
