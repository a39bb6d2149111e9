//! What the browser knows before the server does (who looks, whether there is a network), and what the
//! reader clicks.

use std::rc::Rc;

use domain::Input;
use leptos::prelude::{document, window_event_listener_untyped};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CustomEvent, Element, Event, PageTransitionEvent};

use super::{feed_bar::FeedBar, live_page::LivePage, stream::Said};

/// Listens for as long as the document lives. Everything is heard at the window, and found by its id: what a
/// translator or an extension did to the page does no harm.
pub fn hear_browser(page: &Rc<LivePage>) {
    on(page, "visibilitychange", |page, _| {
        page.tell(Input::Visible(!document().hidden()));
    });
    on(page, "online", |page, _| page.tell(Input::Resumed));
    on(page, "offline", |page, _| page.tell(Input::Offline));
    on(page, "pageshow", |page, event| {
        let comes_back = event
            .dyn_ref::<PageTransitionEvent>()
            .is_some_and(PageTransitionEvent::persisted);
        if comes_back {
            page.tell(Input::Resumed);
        }
    });
    on(page, "click", |page, event| {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        if let Some(target) = target {
            click(page, &target);
        }
    });
    on(page, "hashchange", |page, _| page.go_to_linked());
    hear_test(page);
}

/// Acts on a click on a button of the feed's bar, or on a link to an update.
fn click(page: &LivePage, target: &Element) {
    let Ok(Some(control)) = target.closest("button, a[href]") else {
        return;
    };
    match control.id().as_str() {
        FeedBar::ORDER => page.flip(),
        FeedBar::ZONE => page.switch_zone(),
        FeedBar::ARRIVALS => page.go_to_arrivals(),
        _ => {
            // The browser follows the link itself, once this is done.
            let href = control.get_attribute("href").unwrap_or_default();
            if let Some((_, fragment)) = href.split_once('#') {
                page.reveal_linked(fragment);
            }
        }
    }
}

/// Hears `ringside:batch`, by which a test hands the page a batch as if a stream had brought it: `detail` is
/// the batch's JSON.
fn hear_test(page: &Rc<LivePage>) {
    let list = page.list.element().clone();
    let page = Rc::clone(page);
    let listener: Closure<dyn FnMut(Event)> = Closure::new(move |event: Event| {
        let json = event
            .dyn_ref::<CustomEvent>()
            .and_then(|event| event.detail().as_string());
        if let Some(json) = json {
            page.hear(Said::Batch(json));
        }
    });
    // A name and a function are always taken.
    let _ =
        list.add_event_listener_with_callback("ringside:batch", listener.as_ref().unchecked_ref());
    listener.forget();
}

/// Hears an event for as long as the document lives.
fn on(page: &Rc<LivePage>, event: &str, hear: fn(&Rc<LivePage>, &Event)) {
    let page = Rc::clone(page);
    window_event_listener_untyped(event, move |event| hear(&page, &event));
}
