//! The panel beside an entry's updates. On a phone it covers them, with a tab for each of the two.
//! The page below is neither moved nor scrolled.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::{document, window, window_event_listener_untyped};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement};

use super::{
    list::MessageList,
    view::{self, ROOM},
};
use crate::live::{
    card,
    dom::{find, hide, remove, text},
    fetch,
    listener::{key_of, listen_to},
};

/// The panel, and the tab that opens it again.
const PANEL: &str = r#"<aside class="chat" aria-label="Chat"><p class="chat-tabs" lang="en"><button class="link chat-close" type="button"><span class="if-narrow">Updates</span><span class="if-wide">Close chat</span></button> <span class="chat-here">Chat</span></p><p class="chat-note" role="status" lang="en"></p></aside>"#;
const TAB: &str = r#"<button class="chat-tab" type="button" lang="en" hidden></button>"#;

/// The class of the root element while the panel is open.
const OPEN: &str = "chat-open";

thread_local! {
    /// The panel of this page, which lives as long as the document.
    static FRAME: RefCell<Option<Rc<Frame>>> = const { RefCell::new(None) };
}

struct Frame {
    panel: Element,
    tab: Element,
    /// The link that opened the panel.
    link: Element,
    list: RefCell<Option<Rc<MessageList>>>,
    /// Whether the back button closes the panel.
    is_in_history: Cell<bool>,
}

/// Opens the panel, and loads the room that `link` leads to.
pub fn open(link: &Element) {
    let frame = FRAME.with(|frame| {
        let mut frame = frame.borrow_mut();
        if frame.is_none() {
            *frame = Frame::create(link);
        }
        frame.clone()
    });
    if let Some(frame) = frame {
        frame.open();
    }
}

impl Frame {
    fn create(link: &Element) -> Option<Rc<Self>> {
        let frame = Rc::new(Self {
            panel: card::parse(PANEL)?,
            tab: card::parse(TAB)?,
            link: link.clone(),
            list: RefCell::default(),
            is_in_history: Cell::default(),
        });
        let body = document().body()?;
        // Can't fail: both are new.
        let _ = body.append_child(&frame.panel);
        let _ = body.append_child(&frame.tab);
        let closing = Rc::clone(&frame);
        let on_close = move |_| closing.go_back();
        if let Some(button) = find(&frame.panel, ".chat-close") {
            listen_to(&button, "click", on_close);
        }
        let closing = Rc::clone(&frame);
        let on_key = move |event: Event| {
            if key_of(&event) == "Escape" {
                closing.go_back();
            }
        };
        listen_to(&frame.panel, "keydown", on_key);
        let opening = Rc::clone(&frame);
        let on_open = move |_| opening.open();
        listen_to(&frame.tab, "click", on_open);
        let closing = Rc::clone(&frame);
        window_event_listener_untyped("popstate", move |_| {
            if closing.is_narrow() {
                closing.close();
            }
        });
        Some(frame)
    }

    fn open(self: &Rc<Self>) {
        if set_open(true) {
            return;
        }
        if self.is_narrow()
            && let Ok(history) = window().history()
        {
            // The phone's back button returns to the updates.
            let pushed = history.push_state_with_url(&JsValue::NULL, "", None);
            self.is_in_history.set(pushed.is_ok());
        }
        hide(&self.tab, true);
        let list = self.list.borrow().clone();
        match list {
            Some(list) => list.open(),
            None => self.load(),
        }
        if let Some(button) = find(&self.panel, ".chat-close").and_then(|it| it.dyn_into().ok()) {
            let button: HtmlElement = button;
            let _ = button.focus();
        }
    }

    /// Returns whether the panel covers the updates, by a label that is shown only then.
    fn is_narrow(&self) -> bool {
        let label = find(&self.panel, ".if-narrow");
        label.is_some_and(|label| label.get_bounding_client_rect().height() > 0.0)
    }

    /// Closes the panel as the back button would.
    fn go_back(&self) {
        if self.is_in_history.take()
            && let Ok(history) = window().history()
        {
            // The listener of `popstate` closes it.
            let _ = history.back();
        } else {
            self.close();
        }
    }

    fn close(&self) {
        self.is_in_history.set(false);
        if !set_open(false) {
            return;
        }
        let is_loaded = self.list.borrow().is_some();
        hide(&self.tab, !is_loaded);
        let target = if is_loaded { &self.tab } else { &self.link };
        if let Some(target) = target.dyn_ref::<HtmlElement>() {
            let _ = target.focus();
        }
    }

    /// Fetches the page of the room, and shows its room in the panel.
    fn load(self: &Rc<Self>) {
        let (frame, url) = (Rc::clone(self), text(&self.link, "href"));
        self.show_note("Loading…");
        spawn_local(async move {
            let room = match fetch::get(&url).await {
                Some((200, html)) => card::parse_all(&html)
                    .and_then(|page| page.query_selector(&["#", ROOM].concat()).ok()?),
                _ => None,
            };
            let list = room.and_then(|room| frame.show_room(&room));
            if list.is_none() {
                frame.show_note("The chat could not be loaded. Close it, and open it again.");
            }
            frame.list.replace(list);
        });
    }

    fn show_room(self: &Rc<Self>, room: &Element) -> Option<Rc<MessageList>> {
        self.show_note("");
        // The page around it has these already.
        for part in ["h1", ".room-entry", ".if-static", ".refresh"] {
            if let Some(part) = find(room, part) {
                part.remove();
            }
        }
        for part in [".room-status", ".room-announcements"] {
            if let Some(part) = find(room, part) {
                remove(&part, "id");
            }
        }
        // Can't fail: the room is of another document, and is adopted.
        let _ = self.panel.append_child(room);
        let frame = Rc::clone(self);
        view::start(room, move |unread| frame.show_unread(unread))
    }

    /// Shows the number of messages that were not read in the tab.
    fn show_unread(&self, unread: usize) {
        let label = if unread == 0 {
            "Chat".to_owned()
        } else {
            ["Chat · ", &*unread.to_string(), " new"].concat()
        };
        self.tab.set_text_content(Some(&label));
    }

    fn show_note(&self, sentence: &str) {
        if let Some(note) = find(&self.panel, ".chat-note") {
            note.set_text_content(Some(sentence));
            hide(&note, sentence.is_empty());
        }
    }
}

/// Opens or closes the panel. Returns whether it was open.
fn set_open(open: bool) -> bool {
    let Some(root) = document().document_element() else {
        return false;
    };
    let was_open = root.class_list().contains(OPEN);
    // Can't fail: the name is valid.
    let _ = root.class_list().toggle_with_force(OPEN, open);
    was_open
}
