//! The client of a live page: executes the commands of its [`Connection`], and passes what it
//! receives to its [`FeedFollower`] and its list.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    Batch, Command, Connection, Cursor, EntryState, FeedFollower, Head, Input, Transport,
};
use gloo_timers::callback::Interval;
use js_sys::Math;
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, UrlSearchParams};

use super::{
    announcer::Announcer,
    browser_events::listen,
    entry_top,
    event_source::SseStream,
    feed_bar::FeedBar,
    feed_list::{FeedList, PageKind, focus},
    stream_event::StreamEvent,
    stream_slot::StreamSlot,
    times,
    websocket::WebSocketStream,
    wire::{FromWire, Goodbye, ResetTo},
};
use crate::{browser_clock::Stopwatch, local_storage};

/// The interval of [`Input::Tick`], in milliseconds.
const TICK_MS: u32 = 1_000;

/// A stream over either transport, and the browser-wide slot that it occupies. Dropping it closes
/// the stream.
type OpenStream = (Box<dyn Any>, Option<StreamSlot>);

/// The client of a live page. It lives as long as the document and is never dropped.
///
/// `catch_up.rs` and `refresh.rs` hold what it fetches, `apply.rs` what it shows.
pub struct LiveClient {
    pub(super) list: FeedList,
    pub(super) kind: PageKind,
    pub(super) bar: Rc<FeedBar>,
    pub(super) follower: RefCell<FeedFollower>,
    /// Whether changes are being fetched. Only one request is in flight at a time.
    pub(super) fetching: Cell<bool>,
    /// Whether the page itself is being fetched.
    pub(super) refreshing: Cell<bool>,
    /// The oldest cursor that a fetched page may have.
    pub(super) required: RefCell<Cursor>,
    pub(super) announcer: Announcer,
    stopwatch: Stopwatch,
    connection: RefCell<Connection>,
    stream: RefCell<Option<OpenStream>>,
}

impl LiveClient {
    /// Starts a client for the page's list. Returns `None` if the page has no list.
    pub fn start() -> Option<()> {
        let bar = Rc::new(FeedBar::find()?);
        let counter = Rc::clone(&bar);
        let list = FeedList::find(move |count| counter.show_pending(count))?;
        let cursor: Cursor = list.data("cursor").parse().ok()?;
        let ended = list.data("state") == EntryState::Ended.as_str();
        let stopwatch = Stopwatch::default();
        let visible = !document().hidden();
        let connection =
            Connection::new(requested_transport(), visible, ended, stopwatch.elapsed());
        let client = Rc::new(Self {
            kind: list.kind(),
            list,
            required: RefCell::new(cursor.clone()),
            follower: RefCell::new(FeedFollower::new(cursor)),
            fetching: Cell::new(false),
            refreshing: Cell::new(false),
            announcer: Announcer::new(Rc::clone(&bar)),
            bar,
            stopwatch,
            connection: RefCell::new(connection),
            stream: RefCell::new(None),
        });
        client.show_zone(local_storage::get(local_storage::ZONE).as_deref() == Some("own"));
        listen(&client);
        client.dispatch(Input::Tick);
        let ticking = Rc::clone(&client);
        Interval::new(TICK_MS, move || ticking.tick()).forget();
        client.list.set_data("hydrated", "");
        Some(())
    }

    /// Reverses the list's order, and stores the choice.
    pub fn flip(&self) {
        self.reveal();
        self.list.flip();
        local_storage::set(local_storage::ORDER, self.list.order().as_str());
    }

    /// Switches times between the entry's zone and the reader's own, and stores the choice.
    pub fn switch_zone(&self) {
        let own = !self.list.shows_own_zone();
        local_storage::set(local_storage::ZONE, if own { "own" } else { "entry" });
        self.show_zone(own);
    }

    /// Shows the pending updates, and moves the focus to the first of them.
    pub fn go_to_pending(&self) {
        self.list.go_to_pending();
        self.bar.show_pending(0);
    }

    /// Prepares the update with the id `fragment` as the target of a link: makes it focusable, and
    /// shows the pending updates if it is one of them. Returns the update, and whether it was
    /// hidden.
    pub fn reveal_linked(&self, fragment: &str) -> Option<(HtmlElement, bool)> {
        let linked = document().get_element_by_id(fragment)?;
        let update: HtmlElement = linked.dyn_into().ok()?;
        if !update.class_list().contains("update") {
            return None;
        }
        update.set_tab_index(-1);
        let hidden = update.has_attribute("hidden");
        if hidden {
            self.reveal();
        }
        Some((update, hidden))
    }

    /// Moves the focus to the update that the address's fragment names.
    pub fn go_to_linked(&self) {
        let hash = window().location().hash().unwrap_or_default();
        let fragment = hash.strip_prefix('#').unwrap_or_default();
        if let Some((update, hidden)) = self.reveal_linked(fragment) {
            if hidden {
                update.scroll_into_view();
            }
            focus(&update);
        }
    }

    /// Passes the time to the connection, and closes a stream whose slot another page has taken.
    fn tick(self: &Rc<Self>) {
        let slot_is_lost = self
            .stream
            .borrow()
            .as_ref()
            .is_some_and(|(_, slot)| slot.as_ref().is_some_and(|slot| !slot.renew()));
        if slot_is_lost {
            self.stream.take();
            self.dispatch(Input::NoStreamFree);
        } else {
            self.dispatch(Input::Tick);
        }
    }

    /// Passes an input to the connection, shows its status, and executes its commands.
    pub(super) fn dispatch(self: &Rc<Self>, input: Input) {
        let (commands, status, in_touch) = {
            let mut connection = self.connection.borrow_mut();
            let before = connection.last_contact();
            let commands = connection.on(input, self.stopwatch.elapsed(), Math::random());
            (
                commands,
                connection.status(),
                connection.last_contact() != before,
            )
        };
        if in_touch {
            self.bar.note_contact(times::clock_now());
        }
        self.bar.show_status(status);
        for command in commands {
            match command {
                Command::OpenStream => self.open_stream(),
                Command::CloseStream => drop(self.stream.take()),
                Command::FetchHead => self.fetch_head(),
                Command::CatchUp => self.catch_up(),
            }
        }
    }

    /// Returns the URL of `resource` of this page's feed.
    pub(super) fn url(&self, resource: &str) -> String {
        ["/feed/", &self.list.data("entryId"), "/", resource].concat()
    }

    /// Returns the URL of `resource` since the client's cursor.
    pub(super) fn url_since_cursor(&self, resource: &str) -> String {
        let cursor = self.follower.borrow().cursor().to_string();
        [&self.url(resource), "?since=", &cursor].concat()
    }

    fn open_stream(self: &Rc<Self>) {
        let client = Rc::clone(self);
        let on_event = move |event| client.on_stream_event(event);
        let stream = if self.connection.borrow().wants_websocket() {
            let cursor = self.follower.borrow().cursor().to_string();
            let stream = WebSocketStream::open(&self.list.data("entryId"), &cursor, on_event);
            stream.map(|stream| (boxed(stream), None))
        } else if let Some(slot) = StreamSlot::claim() {
            let stream = SseStream::open(&self.url_since_cursor("stream"), on_event);
            stream.map(|stream| (boxed(stream), Some(slot)))
        } else {
            self.dispatch(Input::NoStreamFree);
            return;
        };
        let opened = stream.is_some();
        self.stream.replace(stream);
        if !opened {
            self.dispatch(Input::StreamFailed);
        }
    }

    /// Handles an event of a stream.
    pub(super) fn on_stream_event(self: &Rc<Self>, event: StreamEvent) {
        match event {
            StreamEvent::Batch(json) => {
                match Batch::from_json(&json) {
                    Some(batch) => self.receive(batch),
                    // A batch that can't be parsed is fetched instead; the cursor stays until then.
                    None => self.catch_up(),
                }
                self.dispatch(Input::BatchReceived);
            }
            StreamEvent::Heartbeat(json) => {
                if let Some(head) = Head::from_json(&json) {
                    self.dispatch(Input::Heartbeat {
                        interval_ms: head.interval_ms,
                        transport: head.transport,
                        is_behind: self.is_behind(&head),
                    });
                }
            }
            StreamEvent::Reset(json) => {
                self.stream.take();
                if let Some(ResetTo(epoch)) = ResetTo::from_json(&json) {
                    self.reset(epoch);
                }
                self.dispatch(Input::StreamFailed);
            }
            StreamEvent::Bye(json) if Goodbye::from_json(&json).is_some_and(|bye| bye.ended) => {
                self.dispatch(Input::Bye);
            }
            // The server is shutting down: the client reconnects.
            StreamEvent::Bye(_) | StreamEvent::Failed => {
                self.stream.take();
                self.dispatch(Input::StreamFailed);
            }
        }
    }

    /// Writes the client's cursor into the list's `data-cursor`.
    pub(super) fn write_cursor(&self) {
        self.list
            .set_data("cursor", &self.follower.borrow().cursor().to_string());
    }

    pub(super) fn reveal(&self) {
        self.list.reveal();
        self.bar.show_pending(0);
    }

    pub(super) fn show_zone(&self, own: bool) {
        let zone = self.list.data("zone");
        let same = times::own_zone().as_ref() == Some(&zone);
        self.list.show_times(own);
        entry_top::show_times(own);
        self.bar.show_zone_button(&zone, own, same);
    }
}

fn boxed(stream: impl Any) -> Box<dyn Any> {
    Box::new(stream)
}

/// Returns the transport that the address requests by `?transport=`.
fn requested_transport() -> Transport {
    let query = window().location().search().unwrap_or_default();
    UrlSearchParams::new_with_str(&query)
        .ok()
        .and_then(|query| query.get("transport"))
        .and_then(|transport| transport.parse().ok())
        .unwrap_or(Transport::Auto)
}
