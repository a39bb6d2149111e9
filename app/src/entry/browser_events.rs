//! The browser's events: visibility, network changes, and what the reader clicks.

use std::rc::Rc;

use domain::Input;
use leptos::prelude::{document, window_event_listener_untyped};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CustomEvent, Element, Event, PageTransitionEvent};

use super::{feed_bar::FeedBar, live_client::LiveClient, stream_event::StreamEvent};

/// Adds the client's listeners, for as long as the document lives. All of them are on the window,
/// and find elements by id, so that a translator or an extension that replaces nodes does no harm.
pub fn listen(client: &Rc<LiveClient>) {
    on(client, "visibilitychange", |client, _| {
        client.dispatch(Input::Visible(!document().hidden()));
    });
    on(client, "online", |client, _| {
        client.dispatch(Input::Resumed);
    });
    on(client, "offline", |client, _| {
        client.dispatch(Input::Offline);
    });
    on(client, "pageshow", |client, event| {
        let is_from_cache = event
            .dyn_ref::<PageTransitionEvent>()
            .is_some_and(PageTransitionEvent::persisted);
        if is_from_cache {
            client.dispatch(Input::Resumed);
        }
    });
    on(client, "click", |client, event| {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        if let Some(target) = target {
            on_click(client, &target);
        }
    });
    on(client, "hashchange", |client, _| client.go_to_linked());
    listen_for_test_batches(client);
}

/// Handles a click on a button of the bar, or on a link to an update.
fn on_click(client: &LiveClient, target: &Element) {
    let Ok(Some(control)) = target.closest("button, a[href]") else {
        return;
    };
    match control.id().as_str() {
        FeedBar::ORDER => client.flip(),
        FeedBar::ZONE => client.switch_zone(),
        FeedBar::PENDING => client.go_to_pending(),
        _ => {
            // The browser follows the link after this handler.
            let href = control.get_attribute("href").unwrap_or_default();
            if let Some((_, fragment)) = href.split_once('#') {
                client.reveal_linked(fragment);
            }
        }
    }
}

/// Listens for `ringside:batch`, which tests dispatch to pass a batch as if a stream had sent it.
/// `detail` is the batch's JSON.
fn listen_for_test_batches(client: &Rc<LiveClient>) {
    let list = client.list.element().clone();
    let client = Rc::clone(client);
    let listener: Closure<dyn FnMut(Event)> = Closure::new(move |event: Event| {
        let json = event
            .dyn_ref::<CustomEvent>()
            .and_then(|event| event.detail().as_string());
        if let Some(json) = json {
            client.on_stream_event(StreamEvent::Batch(json));
        }
    });
    // Can't fail: the listener is a function.
    let _ =
        list.add_event_listener_with_callback("ringside:batch", listener.as_ref().unchecked_ref());
    listener.forget();
}

/// Adds a listener to the window, for as long as the document lives.
fn on(client: &Rc<LiveClient>, event: &str, handler: fn(&Rc<LiveClient>, &Event)) {
    let client = Rc::clone(client);
    window_event_listener_untyped(event, move |event| handler(&client, &event));
}
