//! The client of a feed: carries out what its [`Client`] decides. What it shows is a [`View`].

use std::{cell::RefCell, rc::Rc};

use domain::{
    Action, Batch, Change, Client, ClientEvent, ConnectionStatus, Cursor, EntryChange, Fetched,
    PageScope, Rev, RoomChange, StreamEvent, Transport,
};
use gloo_timers::callback::{Interval, Timeout};
use js_sys::Math;
use leptos::prelude::window;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, UrlSearchParams};

use super::{
    card,
    dom::{set, text},
    fetch::{self, Response},
    page::is_visible,
    transport::{NotOpened, OpenStream},
};
use crate::browser_clock::Stopwatch;

/// The interval of [`ClientEvent::Tick`], in milliseconds.
const TICK_MS: u32 = 1_000;

/// What a client shows of its feed.
pub trait View: Sized + 'static {
    /// Returns the part of the feed that is shown.
    fn scope(&self) -> PageScope;

    /// Returns the list, whose `data-cursor` is that of the client.
    fn list(&self) -> &Element;

    /// Shows changes of updates, of entries and of the room.
    fn show(&self, shown: Shown) -> Freshness;

    /// Shows what these batches contain, and nothing else.
    fn replace(&self, batches: Vec<Batch>);

    /// Shows what the list `fresh` of a fetched page shows. With `merge`, the fetched page was
    /// rendered at that revision of the same epoch, and is merged into this one.
    fn show_page(&self, fresh: &Element, merge: Option<Rev>);

    /// Shows the connection status after an event. `in_touch` if the server responded or sent an
    /// event since the last call.
    fn show_status(&self, status: ConnectionStatus, in_touch: bool);
}

/// Changes to show.
pub struct Shown {
    /// The changed updates, or messages.
    pub changes: Vec<Change>,
    /// The entries whose own data changed.
    pub entries: Vec<EntryChange>,
    /// The room, if its own data changed.
    pub room: Option<RoomChange>,
}

/// How new a page must be that is fetched from now on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// As new as before.
    Unchanged,
    /// At least as new as what is shown: an older page would undo a change.
    Newer,
    /// The page must be fetched now.
    Outdated,
}

/// The client of a feed. It lives as long as the document and is never dropped.
pub struct FeedClient<V> {
    /// What it shows.
    pub view: V,
    /// The id of the feed.
    feed: String,
    client: RefCell<Client>,
    stream: RefCell<Option<OpenStream>>,
    /// The list of a fetched page, and the cursor at which the page was rendered.
    fetched: RefCell<Option<(Element, Cursor)>>,
    stopwatch: Stopwatch,
}

impl<V: View> FeedClient<V> {
    /// Starts the client of a feed whose changes up to `cursor` are shown; `ended` if there will be
    /// no more.
    pub fn start(view: V, feed: String, cursor: Cursor, ended: bool) -> Rc<Self> {
        let stopwatch = Stopwatch::default();
        let client = Client::new(
            view.scope(),
            cursor,
            requested_transport(),
            is_visible(),
            ended,
            stopwatch.elapsed(),
        );
        let client = Rc::new(Self {
            view,
            feed,
            client: RefCell::new(client),
            stream: RefCell::default(),
            fetched: RefCell::default(),
            stopwatch,
        });
        client.dispatch(ClientEvent::Tick);
        let ticking = Rc::clone(&client);
        Interval::new(TICK_MS, move || ticking.tick()).forget();
        client
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
        self.view.show_status(status, in_touch);
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
            Action::Show {
                changes,
                entries,
                room,
            } => {
                let freshness = self.view.show(Shown {
                    changes,
                    entries,
                    room,
                });
                self.write_cursor();
                match freshness {
                    Freshness::Unchanged => {}
                    Freshness::Newer => self.dispatch(ClientEvent::NewerPageRequired),
                    Freshness::Outdated => self.dispatch(ClientEvent::PageOutdated),
                }
            }
            Action::Replace(batches) => {
                self.view.replace(batches);
                self.write_cursor();
            }
            Action::ShowPage { merge } => {
                if let Some((fresh, cursor)) = self.fetched.take() {
                    self.view.show_page(&fresh, merge.then_some(cursor.rev));
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
        let same = ["#", &self.view.list().id()].concat();
        let list = card::parse_all(html)?.query_selector(&same).ok()??;
        let cursor = Cursor::read(&text(&list, "data-cursor"))?;
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
        set(self.view.list(), "data-cursor", &cursor);
    }
}

/// Returns the transport that the address requests by `?transport=`.
fn requested_transport() -> Transport {
    let query = window().location().search().unwrap_or_default();
    UrlSearchParams::new_with_str(&query)
        .ok()
        .and_then(|query| query.get("transport"))
        .and_then(|transport| Transport::new(&transport))
        .unwrap_or(Transport::Auto)
}
