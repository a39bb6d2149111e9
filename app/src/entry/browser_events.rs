//! What the browser knows before the server does: who looks, whether there is a network.

use std::rc::Rc;

use domain::Input;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CustomEvent, EventTarget, PageTransitionEvent};

use super::{live_page::LivePage, stream::Said};

/// Has `page` hear of what the browser knows first; and of `ringside:batch`, by which a test hands it
/// a batch as if a stream had brought it: `detail` is the batch's JSON.
pub fn hear_browser(page: &Rc<LivePage>) {
    on(page, &document(), "visibilitychange", |page, _| {
        page.tell(Input::Visible(!document().hidden()));
    });
    on(page, &window(), "online", |page, _| page.tell(Input::Woke));
    on(page, &window(), "pageshow", |page, event| {
        let comes_back = event
            .dyn_ref::<PageTransitionEvent>()
            .is_some_and(PageTransitionEvent::persisted);
        if comes_back {
            page.tell(Input::Woke);
        }
    });
    on(page, &window(), "offline", |page, _| {
        page.tell(Input::Offline);
    });
    on(
        page,
        page.list.element(),
        "ringside:batch",
        |page, event| {
            let json = event
                .dyn_ref::<CustomEvent>()
                .and_then(|event| event.detail().as_string());
            if let Some(json) = json {
                page.hear(Said::Batch(json));
            }
        },
    );
}

/// Hears an event for as long as the document lives.
fn on(page: &Rc<LivePage>, target: &EventTarget, event: &str, hear: fn(&Rc<LivePage>, &JsValue)) {
    let page = Rc::clone(page);
    let listener: Closure<dyn FnMut(JsValue)> = Closure::new(move |event| hear(&page, &event));
    // A name and a function are always taken.
    let _ = target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}
