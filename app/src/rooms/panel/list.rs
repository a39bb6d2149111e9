//! The messages of a room, the oldest first, and what the reader has read of them.
//!
//! The list follows its end only while the reader is there. Otherwise nothing that the reader sees
//! moves: messages that are inserted or removed above are made up for by scrolling.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{Batch, Change};
use gloo_timers::callback::Timeout;
use leptos::prelude::{document, window_event_listener_untyped};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement};

use super::{
    quote::{quote, staff_controls},
    stored::{last_read, set_last_read},
};
use crate::{
    live::{
        card,
        dom::{all, by_id, content, find, hide, number, remove, set, text},
        fetch,
        listener::{closest, listen_to},
        times,
    },
    local_storage,
};

/// How near to the end the reader has to be for the list to follow it, in pixels.
const NEAR_END: i32 = 48;
/// The maximum number of messages in the page. Older ones can be loaded again.
const MAX_SHOWN: u32 = 1_000;
/// The time during which new messages are counted before they are announced, in milliseconds.
const ANNOUNCE_MS: u32 = 3_000;
/// The maximum length of a message that is announced, in characters.
const MAX_ANNOUNCED: usize = 200;
/// The pause between two looks at what the reader has scrolled to, in milliseconds.
const LOOK_MS: u32 = 200;
/// The class of the line above the first message that was not read.
const UNREAD_LINE: &str = "unread-line";

/// The messages of a room.
pub struct MessageList {
    room: Element,
    list: HtmlElement,
    /// The room's name.
    name: String,
    /// The id of the last message that the reader has seen.
    read: Cell<i64>,
    /// Whether the reader is at the end.
    is_at_end: Cell<bool>,
    is_looking: Cell<bool>,
    is_loading: Cell<bool>,
    /// The messages that were not announced yet: their number, and the text of the last one.
    arrived: RefCell<(usize, String)>,
    on_unread: Box<dyn Fn(usize)>,
}

impl MessageList {
    /// Creates the list of the messages in `list`, which is in `room`.
    pub fn new(room: &Element, list: HtmlElement, on_unread: impl Fn(usize) + 'static) -> Rc<Self> {
        let name = text(&list, "data-room");
        let created = Rc::new(Self {
            room: room.clone(),
            read: Cell::new(last_read(&name)),
            name,
            list,
            is_at_end: Cell::new(true),
            is_looking: Cell::default(),
            is_loading: Cell::default(),
            arrived: RefCell::default(),
            on_unread: Box::new(on_unread),
        });
        for message in created.messages() {
            created.prepare(&message);
        }
        created.listen();
        created
    }

    /// Returns the list's element.
    pub fn element(&self) -> &Element {
        &self.list
    }

    /// Returns the room's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shows the first message that was not read, below a line; otherwise the end.
    pub fn open(self: &Rc<Self>) {
        self.mark_first_unread();
        match find(&self.list, &[".", UNREAD_LINE].concat()) {
            Some(line) => self.scroll_to(&line),
            None => self.go_to_end(),
        }
        self.look();
    }

    /// Shows the end of the list.
    pub fn go_to_end(&self) {
        self.list.set_scroll_top(self.list.scroll_height());
        self.is_at_end.set(true);
    }

    /// Applies changes of messages.
    pub fn apply(self: &Rc<Self>, changes: &[Change]) {
        self.is_at_end.set(self.is_near_end());
        for change in changes {
            match change {
                Change::Deleted(deleted) => {
                    if let Some(node) = by_id(&node_id(deleted.id.0)) {
                        self.without_moving(&node, || node.remove());
                    }
                }
                Change::Upserted(shown) => {
                    if let Some(card) = card::parse(&shown.html) {
                        self.upsert(&card);
                    }
                }
            }
        }
        self.follow();
    }

    /// Makes the list contain exactly the messages in `batches`.
    pub fn replace(self: &Rc<Self>, batches: &[Batch]) {
        for message in self.messages() {
            remove(&message, "data-rev");
        }
        for batch in batches {
            self.apply(&batch.changes);
        }
        for message in self.messages() {
            if !message.has_attribute("data-rev") {
                message.remove();
            }
        }
        self.follow();
    }

    /// Inserts a message that was sent from this page, unless the feed has delivered it. The feed
    /// replaces its content.
    pub fn insert_sent(&self, node: &Element, id: i64) {
        if by_id(&node_id(id)).is_some() {
            node.remove();
        } else {
            node.set_id(&node_id(id));
            set(node, "data-message-id", &id.to_string());
            set(node, "data-rev", "0");
            self.place(node);
        }
        self.mark_read(id);
        self.stay_at_end();
    }

    /// Keeps a message of this page that waits for a moderator at its place: later ones follow it.
    /// It is hidden once the feed delivers it.
    pub fn keep_held(&self, node: &Element) {
        set(node, "data-message-id", &self.last_id().to_string());
    }

    /// Shows the end of the list if the reader was there.
    pub fn stay_at_end(&self) {
        if self.is_at_end.get() {
            self.go_to_end();
        }
    }

    /// Appends a message that is not sent yet, and shows it.
    pub fn append(&self, node: &Element) {
        // Can't fail: the node is new.
        let _ = self.list.append_child(node);
        self.show_whether_empty();
        self.go_to_end();
    }

    /// Inserts a message at its place, or gives the node of the same message its content.
    fn upsert(self: &Rc<Self>, card: &Element) {
        self.prepare(card);
        if let Some(node) = by_id(&card.id()) {
            let is_newer = number(&node, "data-rev") <= number(card, "data-rev");
            if is_newer || !node.has_attribute("data-rev") {
                node.set_inner_html(&card.inner_html());
                node.set_class_name(&card.class_name());
                set(&node, "data-rev", &text(card, "data-rev"));
            }
            return;
        }
        let is_new = self.last_id() < id_of(card);
        self.hide_pending(card);
        self.without_moving(card, || self.place(card));
        if is_new {
            self.announce_later(card);
        }
    }

    /// Hides the message of this page that is being sent, if the feed delivers it before the
    /// response arrives.
    fn hide_pending(&self, delivered: &Element) {
        let is_same = |pending: &Element| {
            [".message-nick", ".message-text"]
                .iter()
                .all(|part| content(pending, part) == content(delivered, part))
        };
        let mut pending = all(&self.list, ".is-pending:not([hidden])");
        if let Some(same) = pending.find(is_same) {
            hide(&same, true);
        }
    }

    /// Puts a message at its place: before those with larger ids, and those that are not sent.
    fn place(&self, node: &Element) {
        let id = id_of(node);
        let mut before = None;
        let mut at = self.list.last_element_child();
        while let Some(other) = at.filter(|other| !other.is_same_node(Some(node))) {
            if id_of(&other) < id {
                break;
            }
            at = other.previous_element_sibling();
            before = Some(other);
        }
        // Can't fail: `before` is a child of the list.
        let _ = self.list.insert_before(node, before.as_deref());
    }

    /// Changes the list with `change` without moving what the reader sees. `node` is the message
    /// that is inserted or removed.
    fn without_moving(&self, node: &Element, change: impl FnOnce()) {
        if self.is_at_end.get() {
            // The list is scrolled to its end afterwards.
            change();
            return;
        }
        let view = self.list.get_bounding_client_rect().top();
        let is_above =
            |node: &Element| node.is_connected() && node.get_bounding_client_rect().top() < view;
        self.change_above(|| {
            let was_above = is_above(node);
            change();
            was_above || is_above(node)
        });
    }

    /// Changes the list with `change`, which returns whether that was above what the reader sees.
    /// If so, scrolls by as much as the list has grown.
    fn change_above(&self, change: impl FnOnce() -> bool) {
        let (height, top) = (self.list.scroll_height(), self.list.scroll_top());
        if change() {
            let grown = self.list.scroll_height() - height;
            self.list.set_scroll_top(top + grown);
        }
    }

    /// Follows the end if the reader is there, and shows what is not read.
    fn follow(self: &Rc<Self>) {
        self.trim();
        self.stay_at_end();
        self.show_whether_empty();
        self.look();
    }

    /// Removes the oldest messages if there are too many.
    fn trim(&self) {
        let count = self.list.child_element_count();
        if count <= MAX_SHOWN {
            return;
        }
        self.change_above(|| {
            for _ in MAX_SHOWN..count {
                if let Some(oldest) = self.list.first_element_child() {
                    oldest.remove();
                }
            }
            true
        });
        self.show_older_link(true);
    }

    /// Shows the sentence of an empty room.
    fn show_whether_empty(&self) {
        if let Some(sentence) = find(&self.room, ".if-no-messages") {
            hide(&sentence, self.list.child_element_count() > 0);
        }
    }

    /// Loads the messages before the first one.
    fn load_older(self: &Rc<Self>, link: &Element) {
        if self.is_loading.replace(true) {
            return;
        }
        let (list, link) = (Rc::clone(self), link.clone());
        let first = self.messages().next().map_or(0, |first| id_of(&first));
        let url = ["/rooms/", &self.name, "?before=", &first.to_string()].concat();
        set(&link, "aria-disabled", "true");
        spawn_local(async move {
            let page = match fetch::get(&url).await {
                Some((200, html)) => card::parse_all(&html),
                _ => None,
            };
            remove(&link, "aria-disabled");
            list.is_loading.set(false);
            match page {
                Some(page) => {
                    let has_older =
                        matches!(page.query_selector(".older:not([hidden])"), Ok(Some(_)));
                    if let Ok(older) = page.query_selector_all(".message") {
                        list.insert_older((0..older.length()).filter_map(|at| older.item(at)));
                    }
                    link.set_text_content(Some(OLDER));
                    list.show_older_link(has_older);
                }
                None => {
                    link.set_text_content(Some("Older messages could not be loaded. Try again"));
                }
            }
        });
    }

    fn insert_older(self: &Rc<Self>, messages: impl Iterator<Item = web_sys::Node>) {
        self.change_above(|| {
            for message in messages {
                let message: Element = message.unchecked_into();
                if by_id(&message.id()).is_none() {
                    self.prepare(&message);
                    self.place(&message);
                }
            }
            true
        });
    }

    fn show_older_link(&self, has_older: bool) {
        if let Some(link) = find(&self.room, ".older") {
            hide(&link, !has_older);
            if !has_older {
                // The link that had the focus is gone.
                let _ = self.list.focus();
            }
        }
    }

    fn listen(self: &Rc<Self>) {
        let list = Rc::clone(self);
        let on_click = move |event: Event| list.on_click(&event);
        listen_to(&self.room, "click", on_click);
        let list = Rc::clone(self);
        let on_scroll = move |_| {
            list.is_at_end.set(list.is_near_end());
            list.look_later();
        };
        listen_to(&self.list, "scroll", on_scroll);
        for event in ["visibilitychange", "resize"] {
            let list = Rc::clone(self);
            window_event_listener_untyped(event, move |_| {
                // A phone's keyboard makes the list lower.
                list.stay_at_end();
                list.look();
            });
        }
    }

    fn on_click(self: &Rc<Self>, event: &Event) {
        let Some(control) = closest(event, "a, button") else {
            return;
        };
        let classes = control.class_list();
        if classes.contains("older") {
            event.prevent_default();
            self.load_older(&control);
        } else if classes.contains("unread") {
            self.open();
            let _ = self.list.focus();
        } else if classes.contains("message-quote")
            && let Ok(Some(message)) = control.closest(".message")
        {
            quote(&message);
        }
    }

    /// Puts the line above the first message that was not read; removes it if all were.
    fn mark_first_unread(&self) {
        if let Some(line) = find(&self.list, &[".", UNREAD_LINE].concat()) {
            line.remove();
        }
        let first = self.messages().find(|it| id_of(it) > self.read.get());
        // In a room that was never read, everything is new.
        if let Some(first) = first.filter(|_| self.read.get() > 0)
            && let Ok(line) = document().create_element("li")
        {
            line.set_class_name(UNREAD_LINE);
            line.set_text_content(Some("New messages"));
            // Can't fail: the message is in the list.
            let _ = self.list.insert_before(&line, Some(&first));
        }
    }

    fn scroll_to(&self, node: &Element) {
        let offset =
            node.get_bounding_client_rect().top() - self.list.get_bounding_client_rect().top();
        #[expect(clippy::cast_possible_truncation, reason = "a number of pixels")]
        self.list
            .set_scroll_top(self.list.scroll_top() + offset as i32);
        self.is_at_end.set(self.is_near_end());
    }

    fn is_near_end(&self) -> bool {
        let list = &self.list;
        list.scroll_height() - list.scroll_top() - list.client_height() <= NEAR_END
    }

    fn look_later(self: &Rc<Self>) {
        if !self.is_looking.replace(true) {
            let list = Rc::clone(self);
            Timeout::new(LOOK_MS, move || {
                list.is_looking.set(false);
                list.look();
            })
            .forget();
        }
    }

    /// Marks what the reader sees as read, and shows how much is not.
    pub fn look(&self) {
        if !document().hidden() && self.list.client_height() > 0 {
            let bottom = self.list.get_bounding_client_rect().bottom();
            let seen = self.sent_from_the_end().find(|message| {
                self.is_at_end.get() || message.get_bounding_client_rect().bottom() <= bottom
            });
            if let Some(seen) = seen {
                self.mark_read(id_of(&seen));
            }
        }
        let unread = self
            .sent_from_the_end()
            .take_while(|message| id_of(message) > self.read.get())
            .count();
        if let Some(button) = find(&self.room, ".unread") {
            let rest = if unread == 1 { "" } else { "s" };
            let label = [&*unread.to_string(), " new message", rest].concat();
            button.set_text_content(Some(&label));
            hide(&button, unread == 0);
        }
        (self.on_unread)(unread);
    }

    fn mark_read(&self, id: i64) {
        if id > self.read.get() {
            self.read.set(id);
            set_last_read(&self.name, id);
        }
    }

    /// Announces new messages to screen readers, together with others of the next seconds.
    fn announce_later(self: &Rc<Self>, message: &Element) {
        let mut arrived = self.arrived.borrow_mut();
        arrived.0 += 1;
        let part = |class| content(message, class);
        arrived.1 = [&*part(".message-nick"), ": ", &part(".message-text")].concat();
        if arrived.0 == 1 {
            let list = Rc::clone(self);
            Timeout::new(ANNOUNCE_MS, move || list.announce()).forget();
        }
    }

    fn announce(&self) {
        let (count, last) = self.arrived.take();
        let is_shown = self.list.client_height() > 0;
        if let Some(region) = find(&self.room, ".room-announcements").filter(|_| is_shown) {
            let sentence = if count == 1 {
                last.chars().take(MAX_ANNOUNCED).collect()
            } else {
                [&*count.to_string(), " new messages"].concat()
            };
            region.set_text_content(Some(&sentence));
        }
    }

    /// Prepares a message of the server for this page: its time, and controls for staff.
    fn prepare(&self, message: &Element) {
        // A stand-alone room is of no place.
        let own = !self.name.starts_with("entry-")
            || local_storage::get(local_storage::ZONE).as_deref() == Some("own");
        times::show(message, own);
        staff_controls(message);
    }

    /// Returns the messages that are sent, the oldest first.
    fn messages(&self) -> impl Iterator<Item = Element> + use<> {
        all(&self.list, "[data-message-id]")
    }

    /// Returns the messages that are sent, the newest first.
    fn sent_from_the_end(&self) -> impl Iterator<Item = Element> + use<> {
        let last = self.list.last_element_child();
        let all = std::iter::successors(last, Element::previous_element_sibling);
        all.filter(|node| node.has_attribute("data-message-id"))
    }

    fn last_id(&self) -> i64 {
        self.sent_from_the_end().next().map_or(0, |it| id_of(&it))
    }
}

/// The text of the link to older messages.
const OLDER: &str = "Older messages";

/// Returns the id of a message; the largest number for one that is not sent.
fn id_of(message: &Element) -> i64 {
    let id = text(message, "data-message-id");
    id.parse().unwrap_or(i64::MAX)
}

/// Returns the id of a message's node.
fn node_id(id: i64) -> String {
    ["message-", &id.to_string()].concat()
}
