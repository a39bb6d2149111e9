//! A page in touch with the server: carries out what its [`Connection`] decides, and hands what is
//! heard to its [`FeedReader`], its list and its reader.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    Batch, Change, Chip, Command, Connection, Cursor, EntryChange, EntryState, Epoch, FeedReader,
    Head, Input, Order, Road, Taken, UpdateId,
};
use gloo_timers::callback::Interval;
use js_sys::Math;
use leptos::{prelude::*, reactive::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CustomEvent, EventTarget, UrlSearchParams};

use super::{
    announcer::Announcer,
    feed_list::FeedList,
    fetch::{self, Answer},
    state_word,
    stream::{Said, Stream},
    times,
    wire::{FromWire, Goodbye, ResetTo},
};
use crate::browser_clock::elapsed;

/// What the island shows of a live page.
#[derive(Clone, Copy)]
pub struct Shown {
    /// How the connection is.
    pub chip: WriteSignal<Chip>,
    /// When the server was last heard, as the reader's clock shows it.
    pub contact: WriteSignal<String>,
    /// How many arrivals are hidden.
    pub held: WriteSignal<usize>,
    /// What arrived, for those who can't see it.
    pub announced: WriteSignal<String>,
    /// Whether times are in the reader's own zone.
    pub own_zone: ReadSignal<bool>,
}

/// A live page. It lives as long as the document: nothing ever takes it apart.
pub struct LivePage {
    list: FeedList,
    shown: Shown,
    announcer: Announcer,
    reader: RefCell<FeedReader>,
    connection: RefCell<Connection>,
    stream: RefCell<Option<Stream>>,
    fetching: Cell<bool>,
}

/// What a batch leaves to do.
enum Next {
    /// Nothing.
    Done,
    /// To fetch the changes since the cursor.
    Fetch,
    /// To fetch everything of this epoch.
    Reset(Epoch),
}

impl LivePage {
    /// Makes the page's list live; `None` if the page has none.
    pub fn start(shown: Shown) -> Option<Rc<Self>> {
        let list = FeedList::find()?;
        let cursor: Cursor = list.data("cursor").parse().ok()?;
        let ended = list.data("state") == EntryState::Ended.as_str();
        let connection = Connection::new(wanted_road(), !document().hidden(), ended, elapsed());
        let page = Rc::new(Self {
            announcer: Announcer::new(shown.announced),
            list,
            shown,
            reader: RefCell::new(FeedReader::new(cursor)),
            connection: RefCell::new(connection),
            stream: RefCell::new(None),
            fetching: Cell::new(false),
        });
        page.listen();
        page.tell(Input::Tick);
        let ticking = Rc::clone(&page);
        Interval::new(1_000, move || ticking.tell(Input::Tick)).forget();
        page.list.set_data("hydrated", "");
        Some(page)
    }

    /// The list of updates.
    pub const fn list(&self) -> &FeedList {
        &self.list
    }

    /// Shows the arrivals that are hidden.
    pub fn reveal(&self) {
        self.list.reveal();
        self.shown.held.set(0);
    }

    /// Shows the arrivals that are hidden, and takes the reader to them.
    pub fn go_to_arrivals(&self) {
        self.reveal();
        self.list.go_to_top();
    }

    /// Tells the connection what happened, and does what it wants.
    fn tell(self: &Rc<Self>, input: Input) {
        let (commands, chip, in_touch) = {
            let mut connection = self.connection.borrow_mut();
            let before = connection.contact();
            let commands = connection.on(input, elapsed(), Math::random());
            (commands, connection.chip(), connection.contact() != before)
        };
        self.shown.chip.set(chip);
        if in_touch {
            self.shown.contact.set(times::clock_now());
        }
        for command in commands {
            match command {
                Command::OpenStream => self.open_stream(),
                Command::CloseStream => drop(self.stream.take()),
                Command::AskHead => self.ask_head(),
                Command::CatchUp => self.catch_up(),
            }
        }
    }

    fn url(&self, what: &str) -> String {
        format!("/feed/{}/{what}", self.list.data("entryId"))
    }

    fn since(&self) -> String {
        format!("since={}", self.reader.borrow().cursor())
    }

    fn open_stream(self: &Rc<Self>) {
        let page = Rc::clone(self);
        let url = format!("{}?{}", self.url("stream"), self.since());
        let stream = Stream::open(&url, move |said| page.hear(said));
        let opened = stream.is_some();
        self.stream.replace(stream);
        if !opened {
            self.tell(Input::StreamFailed);
        }
    }

    fn hear(self: &Rc<Self>, said: Said) {
        match said {
            Said::Batch(json) => {
                if let Some(batch) = Batch::from_json(&json) {
                    self.take(batch);
                }
                self.tell(Input::Heard);
            }
            Said::Heartbeat(json) => {
                if let Some(head) = Head::from_json(&json) {
                    self.tell(Input::Heartbeat {
                        interval_ms: head.interval_ms,
                        road: head.transport,
                        moved: self.moved(&head),
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

    fn ask_head(self: &Rc<Self>) {
        let page = Rc::clone(self);
        spawn_local(async move {
            match fetch::get::<Head>(&page.url("head")).await {
                Answer::Good(head) => page.tell(Input::HeadAnswered {
                    state: head.state,
                    interval_ms: head.interval_ms,
                    road: head.transport,
                    moved: page.moved(&head),
                }),
                Answer::Reset(_) | Answer::Failed => page.tell(Input::FetchFailed),
            }
        });
    }

    /// Whether the server has something that the page hasn't.
    fn moved(&self, head: &Head) -> bool {
        let reader = self.reader.borrow();
        let cursor = reader.cursor();
        head.epoch != cursor.epoch || head.head > cursor.rev
    }

    /// Fetches the changes since the cursor, until there are no more.
    fn catch_up(self: &Rc<Self>) {
        if self.fetching.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        spawn_local(async move {
            let outcome = loop {
                let url = format!("{}?{}", page.url("changes"), page.since());
                let next = match fetch::get::<Batch>(&url).await {
                    Answer::Good(batch) => page.apply(batch),
                    Answer::Reset(epoch) => Next::Reset(epoch),
                    Answer::Failed => break Input::FetchFailed,
                };
                match next {
                    Next::Done => break Input::CaughtUp,
                    Next::Fetch => {}
                    Next::Reset(epoch) => {
                        page.fetching.set(false);
                        page.reset(epoch);
                        return;
                    }
                }
            };
            page.fetching.set(false);
            page.tell(outcome);
        });
    }

    /// Takes a batch from a stream; what it leaves open is fetched.
    fn take(self: &Rc<Self>, batch: Batch) {
        match self.apply(batch) {
            Next::Done => {}
            Next::Fetch => self.catch_up(),
            Next::Reset(epoch) => self.reset(epoch),
        }
    }

    /// Applies what is news of a batch.
    fn apply(&self, batch: Batch) -> Next {
        let epoch = batch.epoch.clone();
        let taken = self.reader.borrow_mut().take(batch);
        match taken {
            Taken::News {
                changes,
                entries,
                more,
            } => {
                self.show(&changes);
                for entry in &entries {
                    self.show_entry(entry);
                }
                self.note_cursor();
                if more { Next::Fetch } else { Next::Done }
            }
            Taken::Gap => Next::Fetch,
            Taken::Reset => Next::Reset(epoch),
        }
    }

    /// Fetches everything, and swaps in what is different: what stays the same keeps its node, and
    /// the reader their place. A moment of chance first, so that a thousand pages don't ask as one.
    fn reset(self: &Rc<Self>, epoch: Epoch) {
        if self.fetching.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        spawn_local(async move {
            gloo_timers::future::TimeoutFuture::new(dice_ms(1_000)).await;
            let everything = page.fetch_everything(epoch).await;
            page.fetching.set(false);
            let Some(batches) = everything else {
                page.tell(Input::FetchFailed);
                return;
            };
            let kept: Vec<UpdateId> = batches
                .iter()
                .flat_map(|batch| batch.changes.iter().map(Change::id))
                .collect();
            page.list.retain(|id| kept.contains(&id));
            for batch in batches {
                page.reader.borrow_mut().restart(&batch);
                page.show(&batch.changes);
                if let Some(entry) = &batch.entry {
                    page.show_entry(entry);
                }
            }
            page.note_cursor();
            page.tell(Input::CaughtUp);
        });
    }

    async fn fetch_everything(&self, epoch: Epoch) -> Option<Vec<Batch>> {
        let mut cursor = Cursor::new(epoch, 0);
        let mut batches = Vec::new();
        loop {
            let url = format!("{}?since={cursor}", self.url("changes"));
            let Answer::Good(batch) = fetch::get::<Batch>(&url).await else {
                return None;
            };
            cursor = batch.cursor();
            let more = batch.more;
            batches.push(batch);
            if !more {
                return Some(batches);
            }
        }
    }

    /// Puts changes into the list: arrivals below what is read at once, above it only if nobody is
    /// disturbed.
    fn show(&self, changes: &[Change]) {
        let above = self.list.order() == Order::Latest;
        let hold = above && (self.list.held() > 0 || !self.list.is_undisturbed());
        let arrived = self.list.apply(changes, hold);
        if self.shown.own_zone.get_untracked() {
            times::show(self.list.element(), true);
        }
        self.announcer.arrived(arrived.len());
        if hold && self.list.is_undisturbed() {
            self.reveal();
        } else {
            self.shown.held.set(self.list.held());
        }
    }

    fn show_entry(&self, entry: &EntryChange) {
        self.list.set_data("state", entry.state.as_str());
        let say = |id, text: &str| {
            let element = document().get_element_by_id(id)?;
            element.set_text_content(Some(text));
            Some(element)
        };
        say("entry-title", &entry.title);
        say("entry-since", &entry.since);
        if let Some(badge) = say("entry-state", state_word(entry.state)) {
            // A plain name is always taken.
            let _ = badge.set_attribute("data-state", entry.state.as_str());
        }
    }

    fn note_cursor(&self) {
        self.list
            .set_data("cursor", &self.reader.borrow().cursor().to_string());
    }

    /// Hears of what the browser knows first; and of `ringside:batch`, by which a test hands the page
    /// a batch as if a stream had brought it: `detail` is the batch's JSON.
    fn listen(self: &Rc<Self>) {
        let page = Rc::clone(self);
        on(&document(), "visibilitychange", move |_| {
            page.tell(Input::Visible(!document().hidden()));
        });
        for event in ["online", "pageshow"] {
            let page = Rc::clone(self);
            on(&window(), event, move |event| {
                let first_show = event
                    .dyn_ref::<web_sys::PageTransitionEvent>()
                    .is_some_and(|event| !event.persisted());
                if !first_show {
                    page.tell(Input::Woke);
                }
            });
        }
        let page = Rc::clone(self);
        on(&window(), "offline", move |_| page.tell(Input::Offline));
        let page = Rc::clone(self);
        on(self.list.element(), "ringside:batch", move |event| {
            let json = event
                .dyn_ref::<CustomEvent>()
                .and_then(|event| event.detail().as_string());
            if let Some(json) = json {
                page.hear(Said::Batch(json));
            }
        });
    }
}

/// Hears an event for as long as the document lives.
fn on(target: &EventTarget, event: &str, hear: impl Fn(JsValue) + 'static) {
    let listener: Closure<dyn FnMut(JsValue)> = Closure::new(hear);
    // A name and a function are always taken.
    let _ = target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}

/// The road that the address asks for by `?transport=`.
fn wanted_road() -> Road {
    let query = window().location().search().unwrap_or_default();
    UrlSearchParams::new_with_str(&query)
        .ok()
        .and_then(|query| query.get("transport"))
        .and_then(|road| road.parse().ok())
        .unwrap_or(Road::Auto)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number below `longest`"
)]
fn dice_ms(longest: u32) -> u32 {
    (Math::random() * f64::from(longest)) as u32
}
