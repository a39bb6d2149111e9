//! What the client of a room's feed shows: the messages, the room's title and state, and the
//! connection.

use std::{cell::Cell, rc::Rc};

use domain::{Batch, ConnectionStatus, Cursor, PageScope, Rev, RoomChange, RoomState};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{list::MessageList, sending::RoomForm};
use crate::live::{
    FeedClient, Freshness, Shown, View,
    dom::{all, find, hide, set, text},
    follow_browser,
};

/// The id of the element with a room's messages and its form.
pub const ROOM: &str = "room-view";

/// A room in the page.
pub struct RoomView {
    room: Element,
    list: Rc<MessageList>,
    sending: Option<Rc<RoomForm>>,
    shown: Cell<Option<ConnectionStatus>>,
}

/// Makes the room in `room` live. Calls `on_unread` with the number of messages that the reader has
/// not seen. Returns its list; `None` if the element is not that of a room.
pub fn start(room: &Element, on_unread: impl Fn(usize) + 'static) -> Option<Rc<MessageList>> {
    let element: HtmlElement = find(room, ".messages")?.dyn_into().ok()?;
    let cursor = Cursor::read(&text(&element, "data-cursor"))?;
    let feed = text(&element, "data-feed");
    let is_closed = text(&element, "data-state") == RoomState::Closed.as_str();
    let list = MessageList::new(room, element, on_unread);
    let view = RoomView {
        sending: RoomForm::start(room, &list),
        room: room.clone(),
        list: Rc::clone(&list),
        shown: Cell::default(),
    };
    let client = FeedClient::start(view, feed, cursor, is_closed);
    follow_browser(&client);
    set(room, "data-hydrated", "");
    if let Some(root) = document().document_element() {
        // The page may have been shown as without scripts meanwhile.
        let _ = root.class_list().remove_1("static");
    }
    list.open();
    Some(list)
}

impl RoomView {
    fn show_room(&self, change: &RoomChange) {
        set(self.list(), "data-state", change.state.as_str());
        if let Some(title) = find(&self.room, "h1") {
            title.set_text_content(Some(&change.title));
        }
        let form = find(&self.room, ".room-form");
        let was_open = form.is_some_and(|form| !form.has_attribute("hidden"));
        for part in all(&self.room, "[data-if]") {
            hide(&part, text(&part, "data-if") != change.state.as_str());
        }
        if let (true, Some(sending)) =
            (was_open != (change.state == RoomState::Open), &self.sending)
        {
            sending.announce_state(change.state);
        }
    }
}

impl View for RoomView {
    fn scope(&self) -> PageScope {
        PageScope::Everything
    }

    fn list(&self) -> &Element {
        self.list.element()
    }

    fn show(&self, shown: Shown) -> Freshness {
        self.list.apply(&shown.changes);
        if let Some(room) = &shown.room {
            self.show_room(room);
        }
        Freshness::Unchanged
    }

    fn replace(&self, batches: Vec<Batch>) {
        self.list.replace(&batches);
        if let Some(room) = batches.iter().rev().find_map(|batch| batch.room.as_ref()) {
            self.show_room(room);
        }
    }

    /// Is never called: the feed carries all messages.
    fn show_page(&self, _fresh: &Element, _merge: Option<Rev>) {}

    fn show_status(&self, status: ConnectionStatus, _in_touch: bool) {
        if self.shown.replace(Some(status)) == Some(status) {
            return;
        }
        if let Some(shown) = find(&self.room, ".room-status") {
            set(&shown, "data-status", status.as_str());
            shown.set_text_content(Some(match status {
                ConnectionStatus::Connecting => "Connecting…",
                ConnectionStatus::Live => "Messages arrive automatically",
                ConnectionStatus::Polling => "Checking every few seconds",
                ConnectionStatus::Reconnecting => "Reconnecting…",
                ConnectionStatus::Offline => "Offline",
                ConnectionStatus::Ended => "Closed",
            }));
        }
    }
}
