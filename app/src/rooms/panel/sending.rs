//! The form of a room, and the messages that wait to be sent. They are sent one after the other, so
//! that they arrive in their order.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{Next, RoomState, Submission};
use gloo_timers::callback::Timeout;
use js_sys::Math;
use leptos::prelude::{document, window_event_listener_untyped};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement};

use super::{
    list::MessageList,
    post::{Posted, post},
    stored::{Unsent, set_unsent, unsent},
};
use crate::{
    browser_clock::now,
    input_method,
    live::{
        card,
        dom::{field_text, find, hide, set, set_field_text, text},
        listener::{closest, has_flag, key_of, listen_to},
    },
    local_storage,
    random_key::random_key,
};

/// The maximum number of messages that wait.
const MAX_WAITING: usize = 100;

/// A message that waits to be sent.
struct Waiting {
    message: Unsent,
    submission: Submission,
    node: Element,
}

/// The form of a room.
pub struct RoomForm {
    list: Rc<MessageList>,
    form: HtmlElement,
    name: HtmlElement,
    text: HtmlElement,
    note: Element,
    waiting: RefCell<Vec<Waiting>>,
    is_sending: Cell<bool>,
}

impl RoomForm {
    /// Handles the form in `room`. Sends what this tab had not sent when it was closed or reloaded.
    /// Returns `None` if the room has no form.
    pub fn start(room: &Element, list: &Rc<MessageList>) -> Option<Rc<Self>> {
        let element = |selector| find(room, selector)?.dyn_into::<HtmlElement>().ok();
        let sending = Rc::new(Self {
            list: Rc::clone(list),
            form: element("form")?,
            name: element("[name=from]")?,
            text: element("[name=text]")?,
            note: find(room, ".room-note")?,
            waiting: RefCell::default(),
            is_sending: Cell::default(),
        });
        if field_text(&sending.name).is_empty() {
            let name = local_storage::get(local_storage::NICK).unwrap_or_default();
            set_field_text(&sending.name, &name);
        }
        for message in unsent(list.name()) {
            if message.op_id.is_empty() {
                set_field_text(&sending.text, &message.text);
            } else {
                sending.add(message);
            }
        }
        sending.listen();
        sending.send_next();
        Some(sending)
    }

    /// Announces whether messages can be sent.
    pub fn announce_state(&self, state: RoomState) {
        self.show_note(match state {
            RoomState::Open => "Messages can be sent again.",
            RoomState::ReadOnly => "This room is read-only at the moment.",
            RoomState::Closed => "This room is closed.",
        });
    }

    fn listen(self: &Rc<Self>) {
        let sending = Rc::clone(self);
        let on_submit = move |event: Event| {
            event.prevent_default();
            sending.submit();
        };
        listen_to(&self.form, "submit", on_submit);
        let sending = Rc::clone(self);
        let on_input = move |_| {
            sending.store();
            // The box grows with its text, and makes the list lower.
            sending.list.stay_at_end();
        };
        listen_to(&self.text, "input", on_input);
        let sending = Rc::clone(self);
        let on_key = move |event: Event| {
            // On a phone, whose keyboard has no Shift+Enter, it begins a new line.
            if is_plain_enter(&event) && !is_on_phone() {
                event.prevent_default();
                sending.submit();
            }
        };
        listen_to(&self.text, "keydown", on_key);
        let sending = Rc::clone(self);
        let on_click = move |event: Event| {
            sending.on_click(&event);
        };
        listen_to(self.list.element(), "click", on_click);
        let sending = Rc::clone(self);
        window_event_listener_untyped("online", move |_| {
            for waiting in &mut *sending.waiting.borrow_mut() {
                waiting.submission.retry_now();
            }
            sending.send_next();
        });
    }

    /// Takes the text out of the box, shows it as pending, and sends it.
    fn submit(self: &Rc<Self>) {
        let (from, text) = (field_text(&self.name), field_text(&self.text));
        if text.trim().is_empty() {
            return;
        }
        if from.trim().is_empty() && self.name.has_attribute("required") {
            self.show_note("Enter a name first.");
            let _ = self.name.focus();
            return;
        }
        if self.waiting.borrow().len() >= MAX_WAITING {
            self.show_note("Too many messages wait to be sent. Send this one later.");
            return;
        }
        local_storage::set(local_storage::NICK, &from);
        self.show_note("");
        set_field_text(&self.text, "");
        self.add(Unsent {
            op_id: random_key(),
            from,
            text,
        });
        self.store();
        self.send_next();
    }

    /// Shows a message as pending.
    fn add(&self, message: Unsent) {
        let html = r#"<li class="message is-pending"><p class="message-by"><bdi class="message-nick"></bdi> <span class="message-state" lang="en"></span></p><p class="message-text" dir="auto"></p></li>"#;
        let Some(node) = card::parse(html) else {
            return;
        };
        set_text(&node, ".message-nick", &message.from);
        set_text(&node, ".message-text", &message.text);
        set_text(&node, ".message-state", "Sending…");
        self.list.append(&node);
        self.waiting.borrow_mut().push(Waiting {
            message,
            submission: Submission::default(),
            node,
        });
    }

    /// Sends the first message that was not refused, unless one is being sent.
    fn send_next(self: &Rc<Self>) {
        if self.is_sending.get() {
            return;
        }
        let next = {
            let mut waiting = self.waiting.borrow_mut();
            let next = waiting.iter_mut().find(|it| !it.submission.is_refused());
            next.map(|it| {
                it.submission.start();
                it.message.clone()
            })
        };
        let Some(message) = next else {
            return;
        };
        self.is_sending.set(true);
        let sending = Rc::clone(self);
        let url = text(&self.form, "action");
        spawn_local(async move {
            let posted = post(&url, &message).await;
            sending.is_sending.set(false);
            sending.finish(&message.op_id, posted);
        });
    }

    /// Shows the result of an attempt, and sends the next message.
    fn finish(self: &Rc<Self>, op_id: &str, posted: Posted) {
        let mut waiting = self.waiting.borrow_mut();
        let Some(at) = waiting.iter().position(|it| it.message.op_id == op_id) else {
            return;
        };
        // Messages that were written while the connection was lost keep their order.
        let has_others = waiting
            .iter()
            .filter(|it| !it.submission.is_refused())
            .count()
            > 1;
        let posted = match posted {
            Posted::Refused {
                retry_after: Some(seconds),
                ..
            } if has_others => Posted::Limited(seconds),
            posted => posted,
        };
        let next = waiting[at]
            .submission
            .finish(posted.result(), now(), Math::random());
        match posted {
            Posted::Failed | Posted::Limited(_) => {
                let state = "Not sent yet. Retrying…";
                set_text(&waiting[at].node, ".message-state", state);
                let pause = match (posted, next) {
                    (Posted::Limited(seconds), _) => u64::from(seconds) * 1_000,
                    (_, Next::RetryAt(at)) => at.saturating_sub(now()),
                    _ => 0,
                };
                let sending = Rc::clone(self);
                let pause = u32::try_from(pause).unwrap_or(u32::MAX);
                Timeout::new(pause, move || sending.send_next()).forget();
                return;
            }
            Posted::Refused {
                sentence, is_name, ..
            } => {
                let refused = &waiting[at];
                // In a room that has been closed, the form is not shown.
                let is_shown = matches!(self.form.closest("[hidden]"), Ok(None));
                if is_shown && field_text(&self.text).is_empty() {
                    let refused = waiting.remove(at);
                    refused.node.remove();
                    set_field_text(&self.text, &refused.message.text);
                } else {
                    set_text(&refused.node, ".message-state", &sentence);
                    add_buttons(&refused.node);
                }
                self.show_note(&sentence);
                if is_name {
                    let _ = self.name.focus();
                }
            }
            Posted::Sent(id, few_left) => {
                let sent = waiting.remove(at);
                // No longer pending, whether or not the feed has delivered it.
                sent.node.set_class_name("message");
                hide(&sent.node, false);
                set_text(&sent.node, ".message-state", "");
                self.list.insert_sent(&sent.node, id);
                self.show_note(match few_left {
                    Some(0) => "You can send the next message in a second.",
                    Some(1) => "You can send 1 more message now.",
                    Some(_) => "You can send 2 more messages now.",
                    None => "",
                });
            }
            Posted::Held => {
                let held = waiting.remove(at);
                hide(&held.node, false);
                set_text(&held.node, ".message-state", "Waits for a moderator");
                self.list.keep_held(&held.node);
                self.show_note("Your message waits for a moderator.");
            }
        }
        drop(waiting);
        self.store();
        self.send_next();
    }

    /// Handles the buttons of a message that was refused.
    fn on_click(&self, event: &Event) {
        let Some(button) = closest(event, "button") else {
            return;
        };
        let classes = button.class_list();
        let is_edit = classes.contains("message-edit");
        if !is_edit && !classes.contains("message-discard") {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        let position = waiting
            .iter()
            .position(|it| it.node.contains(Some(&button)));
        if let Some(at) = position {
            if is_edit && !field_text(&self.text).is_empty() {
                self.show_note("Send or delete the text in the box first.");
                return;
            }
            let refused = waiting.remove(at);
            refused.node.remove();
            if is_edit {
                set_field_text(&self.text, &refused.message.text);
            }
            let _ = self.text.focus();
        }
        drop(waiting);
        self.store();
    }

    /// Stores the text in the box and what waits, for the next page in this tab.
    fn store(&self) {
        let waiting = self.waiting.borrow();
        let mut all: Vec<_> = waiting.iter().map(|it| it.message.clone()).collect();
        let text = field_text(&self.text);
        if !text.is_empty() {
            all.push(Unsent {
                op_id: String::new(),
                from: String::new(),
                text,
            });
        }
        set_unsent(self.list.name(), &all);
    }

    /// Shows a sentence about what was sent, and announces it.
    fn show_note(&self, sentence: &str) {
        self.note.set_text_content(Some(sentence));
    }
}

/// Adds the buttons of a message that was refused.
fn add_buttons(node: &Element) {
    for (class, label) in [("message-edit", "Edit"), ("message-discard", "Discard")] {
        if let Ok(button) = document().create_element("button") {
            button.set_class_name(&["link ", class].concat());
            set(&button, "type", "button");
            button.set_text_content(Some(label));
            // Can't fail: the button is new.
            let _ = node.append_child(&button);
        }
    }
}

/// Returns whether a key sends the message: Enter alone, outside of an input method.
fn is_plain_enter(event: &Event) -> bool {
    key_of(event) == "Enter"
        && !has_flag(event, "shiftKey")
        && !input_method::handles(event.unchecked_ref())
}

/// Returns whether the page is as narrow as a phone.
fn is_on_phone() -> bool {
    const PHONE: f64 = 600.0;
    let body = document().body();
    body.is_some_and(|body| body.get_bounding_client_rect().width() < PHONE)
}

fn set_text(node: &Element, selector: &str, text: &str) {
    if let Some(part) = find(node, selector) {
        part.set_text_content(Some(text));
    }
}
