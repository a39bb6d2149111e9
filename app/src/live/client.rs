//! The client of a live page: carries out what its [`Client`] decides.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    Action, Client, ClientEvent, ConnectionStatus, Cursor, EntryState, Fetched, StreamEvent,
    Transport,
};
use gloo_timers::callback::{Interval, Timeout};
use js_sys::Math;
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, UrlSearchParams};

use super::{
    bar::FeedBar,
    card,
    dom::{set, text},
    fetch::{self, Response},
    list_data::{ListData, is_of_entry},
    page::{Page, is_visible},
    targets::{Freshness, Target, find_list, target_of},
    times,
    transport::{NotOpened, OpenStream},
};
use crate::{
    browser_clock::Stopwatch,
    likes::{LikeEvent, pass_on},
    local_storage,
};

/// The interval of [`ClientEvent::Tick`], in milliseconds.
const TICK_MS: u32 = 1_000;
/// How many events a page without a stream receives until its counts are requested: some seconds.
/// The code for that is not loaded during a short failure of the network.
const EVENTS_WITHOUT_STREAM: u32 = 10;

/// The client of a live page. It lives as long as the document and is never dropped.
pub struct LiveClient {
    /// The page.
    pub page: Page,
    target: Box<dyn Target>,
    /// The id of its feed.
    feed: String,
    client: RefCell<Client>,
    stream: RefCell<Option<OpenStream>>,
    /// The list of a fetched page, and the cursor at which the page was rendered.
    fetched: RefCell<Option<(Element, Cursor)>>,
    stopwatch: Stopwatch,
    /// The number of events since the page had a stream, or since its counts were requested.
    without_stream: Cell<u32>,
}

impl LiveClient {
    /// Starts a client for the page's list. Returns `None` if the page has no list.
    pub fn start() -> Option<Rc<Self>> {
        let bar = FeedBar::find()?;
        let list: HtmlElement = find_list()?.dyn_into().ok()?;
        let data = ListData::read(&list)?;
        let target = target_of(&list, &data);
        let stopwatch = Stopwatch::default();
        let client = Client::new(
            target.scope(),
            data.cursor,
            requested_transport(),
            is_visible(),
            data.state == Some(EntryState::Ended),
            stopwatch.elapsed(),
        );
        let client = Rc::new(Self {
            page: Page::new(list, bar, &data),
            target,
            feed: data.feed,
            client: RefCell::new(client),
            stream: RefCell::default(),
            fetched: RefCell::default(),
            stopwatch,
            without_stream: Cell::default(),
        });
        client.show_zone(local_storage::get(local_storage::ZONE).as_deref() == Some("own"));
        client.dispatch(ClientEvent::Tick);
        let ticking = Rc::clone(&client);
        Interval::new(TICK_MS, move || ticking.tick()).forget();
        set(client.page.list.element(), "data-hydrated", "");
        Some(client)
    }

    /// Returns whether the page shows the likes of its updates: that of an entry.
    pub fn has_likes(&self) -> bool {
        is_of_entry(&self.feed)
    }

    /// Switches times between the entry's zone and the reader's own, and stores the choice.
    pub fn switch_zone(&self) {
        let own = !self.page.list.shows_own_zone();
        local_storage::set(local_storage::ZONE, if own { "own" } else { "entry" });
        self.show_zone(own);
    }

    fn show_zone(&self, own: bool) {
        self.page.show_zone(own);
        self.target.show_times(own);
    }

    /// Passes the time to the client, and closes a stream whose slot another page has taken.
    fn tick(self: &Rc<Self>) {
        let has_slot = self
            .stream
            .borrow()
            .as_ref()
            .is_none_or(OpenStream::renew_slot);
        self.dispatch(if has_slot {
            ClientEvent::Tick
        } else {
            ClientEvent::NoStreamFree
        });
    }

    /// Passes an event to the client, shows its status, and carries out its actions.
    pub fn dispatch(self: &Rc<Self>, event: ClientEvent) {
        let (actions, status, in_touch) = {
            let mut client = self.client.borrow_mut();
            let before = client.last_contact();
            let actions = client.on(event, self.stopwatch.elapsed(), Math::random());
            (actions, client.status(), client.last_contact() != before)
        };
        if in_touch {
            self.page.bar.note_contact(times::clock_now());
        }
        self.page.bar.show_status(status);
        let has_stream = !matches!(status, ConnectionStatus::Polling | ConnectionStatus::Ended);
        let events = if has_stream {
            0
        } else {
            self.without_stream.get() + 1
        };
        self.without_stream.set(events % EVENTS_WITHOUT_STREAM);
        if events == EVENTS_WITHOUT_STREAM && self.has_likes() {
            pass_on(LikeEvent::WithoutStream);
        }
        for action in actions {
            self.perform(action);
        }
    }

    fn perform(self: &Rc<Self>, action: Action) {
        match action {
            Action::OpenStream(transport) => self.open_stream(transport),
            Action::CloseStream => drop(self.stream.take()),
            Action::FetchHead => self.fetch(0, self.url("head"), |_, response| {
                ClientEvent::Head(match fetch::value(response) {
                    Fetched::Received(head) => Some(head),
                    Fetched::Reset(_) | Fetched::Failed => None,
                })
            }),
            Action::FetchChanges(since, delay_ms) => {
                let url = [&self.url("changes?since="), &*since.to_string()].concat();
                self.fetch(delay_ms, url, |_, response| {
                    ClientEvent::Changes(fetch::value(response))
                });
            }
            Action::FetchPage(delay_ms) => {
                let path = window().location().pathname().unwrap_or_default();
                self.fetch(delay_ms, path, Self::on_page);
            }
            Action::Show(changes, entries) => {
                let freshness = self.target.show(&self.page, changes, &entries);
                self.write_cursor();
                match freshness {
                    Freshness::Unchanged => {}
                    Freshness::Newer => self.dispatch(ClientEvent::NewerPageRequired),
                    Freshness::Outdated => self.dispatch(ClientEvent::PageOutdated),
                }
            }
            Action::Replace(batches) => {
                self.page.list.mark_stale();
                for batch in batches {
                    let entry = batch.entry.map(|entry| *entry);
                    self.target
                        .show(&self.page, batch.changes, entry.as_slice());
                }
                self.page.list.remove_stale();
                self.page.bar.show_pending(self.page.list.pending());
                self.write_cursor();
            }
            Action::ShowPage { merge } => {
                if let Some((fresh, cursor)) = self.fetched.take() {
                    let merge = merge.then_some(cursor.rev);
                    self.target.show_page(&self.page, &fresh, merge);
                }
                self.write_cursor();
            }
        }
    }

    fn url(&self, resource: &str) -> String {
        ["/feed/", &*self.feed, "/", resource].concat()
    }

    /// Fetches `url` after `delay_ms`, and dispatches the event that `on_response` returns.
    fn fetch(
        self: &Rc<Self>,
        delay_ms: u32,
        url: String,
        on_response: fn(&Self, Response) -> ClientEvent,
    ) {
        let client = Rc::clone(self);
        let start = move || {
            spawn_local(async move {
                let response = fetch::get(&url).await;
                client.dispatch(on_response(&client, response));
            });
        };
        if delay_ms == 0 {
            start();
        } else {
            Timeout::new(delay_ms, start).forget();
        }
    }

    /// Keeps the list of a fetched page until it is shown.
    fn on_page(&self, response: Response) -> ClientEvent {
        let page = match response {
            Some((200, html)) => self.parse(&html),
            _ => None,
        };
        let cursor = page.as_ref().map(|(_, cursor)| *cursor);
        self.fetched.replace(page);
        ClientEvent::Page(cursor)
    }

    /// Returns the list of the page in `html`, and its cursor.
    fn parse(&self, html: &str) -> Option<(Element, Cursor)> {
        let same = ["#", &self.page.list.element().id()].concat();
        let list = card::parse_all(html)?.query_selector(&same).ok()??;
        let cursor = text(&list, "data-cursor").parse().ok()?;
        Some((list, cursor))
    }

    fn open_stream(self: &Rc<Self>, transport: Transport) {
        let client = Rc::clone(self);
        let on_event = move |event| client.dispatch(ClientEvent::Stream(event));
        let opened = {
            let client = self.client.borrow();
            OpenStream::open(transport, &self.feed, client.cursor(), on_event)
        };
        match opened {
            Ok(stream) => drop(self.stream.replace(Some(stream))),
            Err(NotOpened::NoStreamFree) => self.dispatch(ClientEvent::NoStreamFree),
            Err(NotOpened::Unsupported) => {
                self.dispatch(ClientEvent::Stream(StreamEvent::Failed));
            }
        }
    }

    /// Writes the client's cursor into the list's `data-cursor`.
    fn write_cursor(&self) {
        let cursor = self.client.borrow().cursor().to_string();
        set(self.page.list.element(), "data-cursor", &cursor);
    }
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
