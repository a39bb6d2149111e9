//! The like buttons: shows the number of likes in each card, and likes by one click. The counts
//! have the number of readers, too, which the bar shows.

#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a split function can fail, so the function returns a `Result`"
)]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::wire::Value;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Headers, MutationObserver, MutationObserverInit, RequestInit};

use super::event::LikeEvent;
use crate::{
    entry::bar_ids,
    live::{
        JsonValue,
        dom::{all, by_id, number, set, text},
        fetch,
    },
    local_storage,
    not_loaded::NotLoaded,
    random_key::random_key,
};

/// The class of the link in a card that leads to the page of its likes.
const LINK: &str = "update-like";
/// The time between two requests for all counts while the page polls, in milliseconds.
const POLL_MS: f64 = 10_000.0;
/// The time until all counts are requested again, if caches returned older ones than the stream has
/// announced, in milliseconds.
const RETRY_MS: u32 = 2_000;
/// The deadline of a like's request, in milliseconds.
const DEADLINE_MS: u32 = 10_000;
/// How often a like without a response is sent.
const MAX_ATTEMPTS: u32 = 5;
/// How many liked updates the browser remembers.
const MAX_REMEMBERED: usize = 1_000;

thread_local! {
    /// The buttons of this page, which live as long as the document.
    static BUTTONS: RefCell<Option<Rc<Buttons>>> = const { RefCell::new(None) };
}

/// Handles an event. The first one loads the code of this file, and shows the counts.
#[leptos::wasm_split::wasm_split(likes, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn on_like_event(event: LikeEvent) -> Result<(), NotLoaded> {
    let mut are_new = false;
    let buttons = BUTTONS.with(|buttons| {
        let mut buttons = buttons.borrow_mut();
        if buttons.is_none() {
            are_new = true;
            *buttons = Buttons::start();
        }
        buttons.clone()
    });
    if let Some(buttons) = buttons {
        match event {
            LikeEvent::Counts(counts) => buttons.receive(&counts),
            LikeEvent::Click(link) => buttons.click(&link, are_new),
            LikeEvent::WithoutStream => buttons.poll(),
        }
    }
    Ok(())
}

/// The like buttons of an entry's page.
struct Buttons {
    list: Element,
    counts_url: String,
    /// The number of likes of each update that has any, by its id.
    counts: RefCell<JsonValue>,
    /// The updates that the reader likes, the oldest like first.
    liked: RefCell<Vec<i64>>,
    /// The updates whose like is being sent.
    sending: RefCell<Vec<i64>>,
    epoch: RefCell<String>,
    /// The position up to which all counts are known.
    position: Cell<i64>,
    /// The last position that the stream has announced.
    announced: Cell<i64>,
    is_fetching: Cell<bool>,
    /// When all counts were last requested, by `performance.now()`.
    fetched_at: Cell<f64>,
}

impl Buttons {
    /// Finds the page's list, requests its counts, and shows them in every card that it gets.
    /// Returns `None` if the page has no list of an entry.
    fn start() -> Option<Rc<Self>> {
        let list = by_id("live-updates")?;
        let entry = text(&list, "data-entry-id");
        entry.parse::<i64>().ok()?;
        let buttons = Rc::new(Self {
            list: list.clone(),
            counts_url: ["/feed/", &entry, "/counts"].concat(),
            counts: RefCell::new(JsonValue::parse("{}")?),
            liked: RefCell::new(remembered()),
            sending: RefCell::default(),
            epoch: RefCell::default(),
            position: Cell::new(-1),
            announced: Cell::new(0),
            is_fetching: Cell::new(false),
            fetched_at: Cell::new(0.0),
        });
        buttons.show_all();
        let shown = Rc::clone(&buttons);
        let on_change = Closure::<dyn FnMut(Array)>::new(move |records: Array| {
            shown.show_new(&records);
        });
        if let Ok(observer) = MutationObserver::new(on_change.as_ref().unchecked_ref()) {
            let options = MutationObserverInit::new();
            options.set_child_list(true);
            options.set_subtree(true);
            // Can't fail: the options are valid.
            let _ = observer.observe_with_options(&list, &options);
        }
        on_change.forget();
        buttons.fetch();
        Some(buttons)
    }

    /// Shows the counts of an event of the stream. If some are missing, requests all of them.
    fn receive(self: &Rc<Self>, counts: &JsonValue) {
        let integer = |name| counts.get(name).and_then(|it| it.integer());
        let (Some(from), Some(to)) = (integer("from"), integer("to")) else {
            return;
        };
        self.begin_epoch(counts);
        self.announced.set(self.announced.get().max(to));
        if from > self.position.get() {
            self.fetch();
            return;
        }
        self.position.set(self.position.get().max(to));
        self.apply(counts);
    }

    /// Requests all counts, unless that was done some seconds ago.
    fn poll(self: &Rc<Self>) {
        if now() - self.fetched_at.get() > POLL_MS {
            self.fetch();
        }
    }

    /// Requests all counts, unless a request is under way.
    fn fetch(self: &Rc<Self>) {
        if !self.is_fetching.replace(true) {
            self.try_fetch(MAX_ATTEMPTS);
        }
    }

    /// Requests all counts, and again if they are older than the stream has announced.
    fn try_fetch(self: &Rc<Self>, attempts: u32) {
        let buttons = Rc::clone(self);
        self.fetched_at.set(now());
        spawn_local(async move {
            if let Some((200, json)) = fetch::get(&buttons.counts_url).await
                && let Some(counts) = JsonValue::parse(&json)
            {
                buttons.replace(&counts);
            }
            if attempts > 1 && buttons.position.get() < buttons.announced.get() {
                Timeout::new(RETRY_MS, move || buttons.try_fetch(attempts - 1)).forget();
            } else {
                buttons.is_fetching.set(false);
            }
        });
    }

    /// Shows all counts of a response. An update that is missing has no likes.
    fn replace(&self, all: &JsonValue) {
        self.begin_epoch(all);
        let to = all.get("to").and_then(|to| to.integer());
        let (Some(to), Some(likes)) = (to, all.get("likes")) else {
            return;
        };
        if to >= self.position.get() {
            self.position.set(to);
            let known = self.counts.replace(likes);
            // What is being sent is not counted yet.
            for id in &*self.sending.borrow() {
                let count = known.get(&id.to_string());
                let count = count.and_then(|count| count.integer());
                self.set_count(*id, count.unwrap_or_default());
            }
            self.show_each(&known);
            self.show_each(&self.counts.borrow());
            show_readers(readers(all).unwrap_or_default());
        }
    }

    /// Forgets everything if the counts are those of another epoch.
    fn begin_epoch(&self, counts: &JsonValue) {
        let epoch = counts.get("epoch").and_then(|it| it.string());
        let epoch = epoch.unwrap_or_default();
        if self.epoch.replace(epoch.clone()) != epoch {
            self.position.set(-1);
            self.announced.set(0);
        }
    }

    /// Shows the counts of an event.
    fn apply(&self, counts: &JsonValue) {
        if let Some(likes) = counts.get("likes") {
            self.counts.borrow().assign(&likes);
            self.show_each(&likes);
        }
        if let Some(readers) = readers(counts) {
            show_readers(readers);
        }
    }

    /// Shows the likes of each update in `counts`.
    fn show_each(&self, counts: &JsonValue) {
        for id in counts.names() {
            self.show(id.parse().unwrap_or_default());
        }
    }

    /// Likes the update of a card, or no longer does, and sends that. With `are_new`, the reader
    /// has clicked before the page showed what they like: then the update is liked.
    fn click(self: &Rc<Self>, link: &Element, are_new: bool) {
        let Ok(Some(card)) = link.closest(".update") else {
            return;
        };
        let id = number(&card, "data-update-id");
        if are_new && self.is_liked(id) {
            return;
        }
        self.set_liked(id, !self.is_liked(id));
        let is_sending = self.sending.borrow().contains(&id);
        if !is_sending {
            self.sending.borrow_mut().push(id);
            let sending = Sending {
                id,
                url: text(link, "href"),
                key: random_key(),
                attempts: 0,
            };
            self.send(sending);
        }
    }

    /// Sends whether the reader likes an update, until the server has what was last clicked.
    fn send(self: &Rc<Self>, sending: Sending) {
        let buttons = Rc::clone(self);
        spawn_local(async move {
            let id = sending.id;
            let wanted = buttons.is_liked(id);
            match request(&sending.url, wanted, &sending.key).await {
                Sent::Accepted(count) => {
                    buttons.set_count(id, count);
                    if buttons.is_liked(id) != wanted {
                        return buttons.send(sending);
                    }
                }
                Sent::NoAnswer if sending.attempts + 1 < MAX_ATTEMPTS => {
                    let attempts = sending.attempts + 1;
                    let again = Sending {
                        attempts,
                        ..sending
                    };
                    Timeout::new(500 << attempts, move || buttons.send(again)).forget();
                    return;
                }
                refused => {
                    let why = match &refused {
                        Sent::Refused(Some(why)) => why,
                        _ => "Your like was not saved. Try again.",
                    };
                    buttons.set_liked(id, !buttons.is_liked(id));
                    // In place of the number, until the next click.
                    for link in buttons.links(id) {
                        link.set_text_content(Some(why));
                    }
                    buttons.sending.borrow_mut().retain(|it| *it != id);
                    return;
                }
            }
            buttons.sending.borrow_mut().retain(|it| *it != id);
            buttons.show(id);
        });
    }

    fn count(&self, id: i64) -> i64 {
        let count = self.counts.borrow().get(&id.to_string());
        count.and_then(|count| count.integer()).unwrap_or_default()
    }

    fn set_count(&self, id: i64, count: i64) {
        let json = ["{\"", &id.to_string(), "\":", &count.to_string(), "}"].concat();
        if let Some(count) = JsonValue::parse(&json) {
            self.counts.borrow().assign(&count);
        }
    }

    fn is_liked(&self, id: i64) -> bool {
        self.liked.borrow().contains(&id)
    }

    /// Shows and remembers whether the reader likes an update.
    fn set_liked(&self, id: i64, liked: bool) {
        // Another tab may have remembered others.
        self.liked.replace(remembered());
        let mut all = self.liked.borrow_mut();
        all.retain(|it| *it != id);
        if liked {
            all.push(id);
        }
        if all.len() > MAX_REMEMBERED {
            all.remove(0);
        }
        let mut ids = String::new();
        for id in &*all {
            ids.push_str(&id.to_string());
            ids.push(',');
        }
        drop(all);
        // Without storage, the browser forgets it with the page.
        local_storage::set(local_storage::LIKES, &ids);
        let count = self.count(id) + if liked { 1 } else { -1 };
        self.set_count(id, count.max(0));
        self.show(id);
    }

    fn links(&self, id: i64) -> impl Iterator<Item = Element> + use<> {
        let id = id.to_string();
        all(&self.list, &["#update-", &id, " .", LINK].concat())
    }

    /// Shows the number of likes of an update in its card, if the page has it.
    fn show(&self, id: i64) {
        let count = self.count(id);
        let (word, pressed) = if self.is_liked(id) {
            ("Liked", "true")
        } else {
            ("Like", "false")
        };
        let label = if count > 0 {
            [word, " · ", &count.to_string()].concat()
        } else {
            word.to_owned()
        };
        for link in self.links(id) {
            set(&link, "role", "button");
            set(&link, "aria-pressed", pressed);
            link.set_text_content(Some(&label));
        }
    }

    /// Shows the likes in all cards whose update has any.
    fn show_all(&self) {
        let liked = self.liked.borrow().clone();
        for id in liked {
            self.show(id);
        }
    }

    /// Shows the likes in the cards that the server has sent since, or sent again, from the records
    /// of a `MutationObserver`. The cost does not depend on the length of the list.
    fn show_new(&self, records: &Array) {
        let mut last: Option<Element> = None;
        for record in records.iter() {
            let Ok(target) = Reflect::get(&record, &"target".into()) else {
                continue;
            };
            // Children are added to elements only: to the list, a chunk, or a part of a card.
            let target: Element = target.unchecked_into();
            let card = target.closest(".update").ok().flatten();
            let changed = card.unwrap_or(target);
            // A new chunk gets its cards after it is in the list.
            if changed == self.list || last.as_ref() == Some(&changed) {
                continue;
            }
            for link in all(&changed, &[".", LINK, ":not([role])"].concat()) {
                if let Ok(Some(card)) = link.closest(".update") {
                    self.show(number(&card, "data-update-id"));
                }
            }
            last = Some(changed);
        }
    }
}

/// Returns the number of readers in counts, if it is there.
fn readers(counts: &JsonValue) -> Option<i64> {
    counts.get("readers")?.integer()
}

/// Shows the number of readers beside the connection status, if there are any.
fn show_readers(readers: i64) {
    if let Some(status) = by_id(bar_ids::STATUS) {
        let text = match readers {
            0 => String::new(),
            _ => [&readers.to_string(), " readers"].concat(),
        };
        set(&status, "data-readers", &text);
    }
}

/// A like that is being sent.
struct Sending {
    id: i64,
    /// The address of the update's likes.
    url: String,
    /// The key under which a repeated first like has the same voter.
    key: String,
    /// How many attempts had no answer.
    attempts: u32,
}

/// The result of a like's request.
enum Sent {
    /// It was applied; the number of all likes.
    Accepted(i64),
    /// The server refused it, and why.
    Refused(Option<String>),
    /// No response of the server arrived.
    NoAnswer,
}

/// Sets or removes the like at `url`.
async fn request(url: &str, wanted: bool, key: &str) -> Sent {
    let options = RequestInit::new();
    options.set_method(if wanted { "PUT" } else { "DELETE" });
    if let Ok(headers) = Headers::new() {
        // Can't fail: the name and the value are valid.
        let _ = headers.set("idempotency-key", key);
        options.set_headers_headers(&headers);
    }
    let Some(response) = fetch::send(url, &options, DEADLINE_MS).await else {
        return Sent::NoAnswer;
    };
    let json = fetch::body(&response).await;
    let json = json.and_then(|json| JsonValue::parse(&json));
    if (400..500).contains(&response.status()) {
        let why = json.and_then(|json| json.get("detail")?.string());
        return Sent::Refused(why);
    }
    match json.and_then(|json| json.get("likes")?.integer()) {
        Some(count) if response.ok() => Sent::Accepted(count),
        _ => Sent::NoAnswer,
    }
}

/// Returns the updates that were liked in this browser.
fn remembered() -> Vec<i64> {
    let ids = local_storage::get(local_storage::LIKES).unwrap_or_default();
    ids.split(',').filter_map(|id| id.parse().ok()).collect()
}

/// Returns the milliseconds since the page was opened.
fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
