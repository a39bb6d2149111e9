//! The queue of a moderator in the browser: it is kept up to date, and one key handles a message.
//! A part of the code of rooms, which is loaded when a room or the queue is opened.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Interval;
use leptos::prelude::{document, window, window_event_listener_untyped};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement, RequestInit, UrlSearchParams};

use crate::{
    live::{
        card,
        dom::{all, by_id, find, remove, set, text},
        fetch,
        listener::{closest, has_flag, key_of},
        morph::morph_children,
    },
    moderation::queue_ids,
};

/// The path of the queue.
const PATH: &str = "/desk/moderation";
/// The time between two requests for the queue, in milliseconds.
const REFRESH_MS: u32 = 3_000;
/// The deadline of an action, in milliseconds.
const DEADLINE_MS: u32 = 10_000;

/// The queue.
struct LiveQueue {
    queue: Element,
    status: Element,
    is_fetching: Cell<bool>,
    /// Whether the queue could not be loaded the last time.
    has_failed: Cell<bool>,
    /// The number of messages that was announced last.
    announced: RefCell<String>,
}

/// Keeps the queue of this page up to date, if it has one.
pub fn start() {
    let (Some(queue), Some(status)) = (by_id(queue_ids::QUEUE), by_id(queue_ids::STATUS)) else {
        return;
    };
    set(&queue, "data-hydrated", "");
    let live = Rc::new(LiveQueue {
        announced: RefCell::new(text(&queue, "data-count")),
        queue,
        status,
        is_fetching: Cell::default(),
        has_failed: Cell::default(),
    });
    let refreshed = Rc::clone(&live);
    Interval::new(REFRESH_MS, move || {
        if !document().hidden() {
            refreshed.refresh();
        }
    })
    .forget();
    let pressed = Rc::clone(&live);
    window_event_listener_untyped("keydown", move |event| pressed.on_key(&event));
}

impl LiveQueue {
    /// Fetches the page, and shows its queue. What is the same already is not touched.
    fn refresh(self: &Rc<Self>) {
        if self.is_fetching.replace(true) {
            return;
        }
        let queue = Rc::clone(self);
        spawn_local(async move {
            let location = window().location();
            let url = location.href().unwrap_or_default();
            let page = match fetch::get(&url).await {
                Some((200, html)) => card::parse_all(&html),
                _ => None,
            };
            queue.is_fetching.set(false);
            let same = ["#", queue_ids::QUEUE].concat();
            if let Some(fresh) = page.and_then(|page| page.query_selector(&same).ok()?) {
                if queue.has_failed.take() {
                    queue.announce("");
                }
                queue.show(&fresh);
            } else {
                queue.has_failed.set(true);
                queue.announce("The queue can't be loaded at the moment.");
            }
        });
    }

    fn show(&self, fresh: &Element) {
        let count = text(fresh, "data-count");
        set(&self.queue, "data-count", &count);
        let had_focus = self.queue.contains(document().active_element().as_deref());
        morph_children(&self.queue, fresh);
        if had_focus && !self.queue.contains(document().active_element().as_deref()) {
            self.focus_first();
        }
        if self.announced.replace(count.clone()) != count {
            self.announce(&[&*count, " messages wait for a moderator."].concat());
        }
    }

    fn on_key(self: &Rc<Self>, event: &Event) {
        let is_shortcut = ["ctrlKey", "metaKey", "altKey"]
            .iter()
            .any(|name| has_flag(event, name));
        if is_shortcut {
            return;
        }
        let key = key_of(event);
        let Some(item) = closest(event, ".queue-item") else {
            // Without a message that has the focus, J goes to the first one.
            if key == "j" && closest(event, "input, select, textarea").is_none() {
                self.focus_first();
                event.prevent_default();
            }
            return;
        };
        match key.as_str() {
            "j" => focus(neighbor(&self.queue, &item, 1)),
            "k" => focus(neighbor(&self.queue, &item, -1)),
            "m" => {
                if let Some(more) = find(&item, "a.link") {
                    let more: HtmlElement = more.unchecked_into();
                    more.click();
                }
            }
            key => {
                let Some(button) =
                    all(&item, "button[data-key]").find(|it| text(it, "data-key") == key)
                else {
                    return;
                };
                self.act(&item, &button);
            }
        }
        event.prevent_default();
    }

    /// Submits the form of a message with a button, and moves on to the next message.
    fn act(self: &Rc<Self>, item: &Element, button: &Element) {
        let Ok(Some(form)) = button.closest("form") else {
            return;
        };
        let Ok(body) = UrlSearchParams::new() else {
            return;
        };
        for field in all(&form, "input[name]") {
            body.append(&text(&field, "name"), &text(&field, "value"));
        }
        body.append("action", &text(button, "value"));
        focus(neighbor(&self.queue, item, 1).or_else(|| neighbor(&self.queue, item, -1)));
        set(item, "aria-busy", "true");
        let (queue, item, url) = (Rc::clone(self), item.clone(), text(&form, "action"));
        spawn_local(async move {
            if submit(&url, &body).await.is_some() {
                item.remove();
                queue.announce("Done.");
            } else {
                // The item stays, and the moderator can try again.
                remove(&item, "aria-busy");
                queue.announce("The message was not handled. Try again.");
            }
            queue.refresh();
        });
    }

    fn focus_first(&self) {
        focus(all(&self.queue, ".queue-item").next());
    }

    fn announce(&self, sentence: &str) {
        self.status.set_text_content(Some(sentence));
    }
}

/// Submits a form. Returns `None` unless the server has carried it out.
async fn submit(url: &str, body: &UrlSearchParams) -> Option<()> {
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(body);
    let response = fetch::send(url, &options, DEADLINE_MS).await?;
    // The server redirects to the queue. After the session has ended, it redirects to the login.
    let url = response.url();
    let is_queue = url.split('?').next()?.ends_with(PATH);
    (response.ok() && is_queue).then_some(())
}

/// Returns the message `step` places after one, or before it.
fn neighbor(queue: &Element, item: &Element, step: isize) -> Option<Element> {
    let items: Vec<_> = all(queue, ".queue-item").collect();
    let at = items.iter().position(|it| it.is_same_node(Some(item)))?;
    items.get(at.checked_add_signed(step)?).cloned()
}

fn focus(item: Option<Element>) {
    if let Some(item) = item.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // Can't fail: the item is focusable.
        let _ = item.focus();
    }
}
