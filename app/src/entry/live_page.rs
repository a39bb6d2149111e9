//! A page in touch with the server: carries out what its [`Connection`] decides, and hands what is
//! heard to its [`FeedFollower`], its list and its reader.

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
    browser_events::hear_browser,
    entry_top,
    feed_bar::FeedBar,
    feed_list::{FeedList, Shows, focus},
    socket::Socket,
    stream::{Said, Stream},
    stream_slot::StreamSlot,
    times,
    wire::{FromWire, Goodbye, ResetTo},
};
use crate::{browser_clock::Stopwatch, local_storage};

/// How often the connection looks at the clock.
const TICK_MS: u32 = 1_000;

/// A stream over whichever transport, and the browser's slot that it takes; dropped, it is closed.
type OpenStream = (Box<dyn Any>, Option<StreamSlot>);

/// A live page. It lives as long as the document: nothing ever takes it apart. What it fetches is in
/// `catching_up.rs` and `renewing.rs`, and what it shows in `showing.rs`.
pub struct LivePage {
    pub(super) list: FeedList,
    pub(super) shows: Shows,
    pub(super) bar: Rc<FeedBar>,
    pub(super) reader: RefCell<FeedFollower>,
    /// Whether changes are being fetched; one question at a time.
    pub(super) fetching: Cell<bool>,
    /// Whether the page itself is.
    pub(super) renewing: Cell<bool>,
    /// What a page that is fetched anew must know.
    pub(super) known: RefCell<Cursor>,
    pub(super) announcer: Announcer,
    stopwatch: Stopwatch,
    connection: RefCell<Connection>,
    stream: RefCell<Option<OpenStream>>,
}

impl LivePage {
    /// Makes the page's list live, if it has one.
    pub fn start() -> Option<()> {
        let bar = Rc::new(FeedBar::find()?);
        let told = Rc::clone(&bar);
        let list = FeedList::find(move |count| told.show_waiting(count))?;
        let cursor: Cursor = list.data("cursor").parse().ok()?;
        let ended = list.data("state") == EntryState::Ended.as_str();
        let stopwatch = Stopwatch::default();
        let visible = !document().hidden();
        let connection = Connection::new(wanted_transport(), visible, ended, stopwatch.elapsed());
        let page = Rc::new(Self {
            shows: list.shows(),
            list,
            known: RefCell::new(cursor.clone()),
            reader: RefCell::new(FeedFollower::new(cursor)),
            fetching: Cell::new(false),
            renewing: Cell::new(false),
            announcer: Announcer::new(Rc::clone(&bar)),
            bar,
            stopwatch,
            connection: RefCell::new(connection),
            stream: RefCell::new(None),
        });
        page.show_zone(local_storage::get(local_storage::ZONE).as_deref() == Some("own"));
        hear_browser(&page);
        page.tell(Input::Tick);
        let ticking = Rc::clone(&page);
        Interval::new(TICK_MS, move || ticking.tick()).forget();
        page.list.set_data("hydrated", "");
        Some(())
    }

    /// Puts the list into the other order, and remembers it.
    pub fn flip(&self) {
        self.reveal();
        self.list.flip();
        local_storage::set(local_storage::ORDER, self.list.order().as_str());
    }

    /// Shows times in the other zone, the entry's or the reader's own, and remembers it.
    pub fn switch_zone(&self) {
        let own = !self.list.shows_own_zone();
        local_storage::set(local_storage::ZONE, if own { "own" } else { "entry" });
        self.show_zone(own);
    }

    /// Shows the arrivals that wait, and takes the reader to them.
    pub fn go_to_arrivals(&self) {
        self.list.go_to_arrivals();
        self.bar.show_waiting(0);
    }

    /// Reveals what waits if the update with the id `fragment` is part of it, and has the update take the
    /// focus when the browser goes there. Returns the update, and whether it was hidden.
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

    /// Takes the reader to the update that the address names now.
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

    /// Looks at the clock; a stream whose slot another page holds by now is given up.
    fn tick(self: &Rc<Self>) {
        let slot_is_lost = self
            .stream
            .borrow()
            .as_ref()
            .is_some_and(|(_, slot)| slot.as_ref().is_some_and(|slot| !slot.renew()));
        if slot_is_lost {
            self.stream.take();
            self.tell(Input::NoStreamFree);
        } else {
            self.tell(Input::Tick);
        }
    }

    /// Tells the connection what happened, and does what it wants.
    pub(super) fn tell(self: &Rc<Self>, input: Input) {
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
                Command::FetchHead => self.ask_head(),
                Command::CatchUp => self.catch_up(),
            }
        }
    }

    /// The address of `what` of this page's feed.
    pub(super) fn url(&self, what: &str) -> String {
        ["/feed/", &self.list.data("entryId"), "/", what].concat()
    }

    /// The address of what follows the cursor.
    pub(super) fn url_from_here(&self, what: &str) -> String {
        let cursor = self.reader.borrow().cursor().to_string();
        [&self.url(what), "?since=", &cursor].concat()
    }

    fn open_stream(self: &Rc<Self>) {
        let page = Rc::clone(self);
        let hear = move |said| page.hear(said);
        let stream = if self.connection.borrow().wants_websocket() {
            let cursor = self.reader.borrow().cursor().to_string();
            let socket = Socket::open(&self.list.data("entryId"), &cursor, hear);
            socket.map(|socket| (boxed(socket), None))
        } else if let Some(slot) = StreamSlot::claim() {
            let stream = Stream::open(&self.url_from_here("stream"), hear);
            stream.map(|stream| (boxed(stream), Some(slot)))
        } else {
            self.tell(Input::NoStreamFree);
            return;
        };
        let opened = stream.is_some();
        self.stream.replace(stream);
        if !opened {
            self.tell(Input::StreamFailed);
        }
    }

    /// Hears what a stream says.
    pub(super) fn hear(self: &Rc<Self>, said: Said) {
        match said {
            Said::Batch(json) => {
                match Batch::from_json(&json) {
                    Some(batch) => self.take(batch),
                    // What can't be read is missing: it is fetched, and the cursor stays until then.
                    None => self.catch_up(),
                }
                self.tell(Input::BatchReceived);
            }
            Said::Heartbeat(json) => {
                if let Some(head) = Head::from_json(&json) {
                    self.tell(Input::Heartbeat {
                        interval_ms: head.interval_ms,
                        transport: head.transport,
                        is_behind: self.moved(&head),
                    });
                }
            }
            Said::Reset(json) => {
                self.stream.take();
                if let Some(ResetTo(epoch)) = ResetTo::from_json(&json) {
                    self.reset(epoch);
                }
                self.tell(Input::StreamFailed);
            }
            Said::Bye(json) if Goodbye::from_json(&json).is_some_and(|bye| bye.ended) => {
                self.tell(Input::Bye);
            }
            // The server is going: another will be there.
            Said::Bye(_) | Said::Failed => {
                self.stream.take();
                self.tell(Input::StreamFailed);
            }
        }
    }

    /// Writes into the page how far it has read.
    pub(super) fn note_cursor(&self) {
        self.list
            .set_data("cursor", &self.reader.borrow().cursor().to_string());
    }

    pub(super) fn reveal(&self) {
        self.list.reveal();
        self.bar.show_waiting(0);
    }

    pub(super) fn show_zone(&self, own: bool) {
        let zone = self.list.data("zone");
        let same = times::own_zone().as_ref() == Some(&zone);
        self.list.show_times(own);
        entry_top::show_times(own);
        self.bar.offer_zone(&zone, own, same);
    }
}

fn boxed(stream: impl Any) -> Box<dyn Any> {
    Box::new(stream)
}

/// The transport that the address asks for by `?transport=`.
fn wanted_transport() -> Transport {
    let query = window().location().search().unwrap_or_default();
    UrlSearchParams::new_with_str(&query)
        .ok()
        .and_then(|query| query.get("transport"))
        .and_then(|transport| transport.parse().ok())
        .unwrap_or(Transport::Auto)
}
