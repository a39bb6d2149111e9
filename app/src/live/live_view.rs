//! What a live page shows of its feed: its list, its bar, and what its target shows besides.

use std::{cell::Cell, rc::Rc};

use domain::{Batch, ConnectionStatus, EntryState, PageScope, Rev};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{
    bar::FeedBar,
    client::{FeedClient, Freshness, Shown, View},
    dom::set,
    list_data::{ListData, is_of_entry},
    page::Page,
    targets::{Target, find_list, target_of},
    times,
};
use crate::{
    likes::{LikeEvent, pass_on},
    local_storage,
};

/// The client of a live page.
pub type LiveClient = FeedClient<LiveView>;

/// How many events a page without a stream receives until its counts are requested: some seconds.
/// The code for that is not loaded during a short failure of the network.
const EVENTS_WITHOUT_STREAM: u32 = 10;

/// What a live page shows.
pub struct LiveView {
    /// The page.
    pub page: Page,
    target: Box<dyn Target>,
    /// Whether the page shows the likes of its updates: that of an entry.
    pub has_likes: bool,
    /// The number of events since the page had a stream, or since its counts were requested.
    without_stream: Cell<u32>,
}

/// Starts a client for the page's list. Returns `None` if the page has no list.
pub fn start() -> Option<Rc<LiveClient>> {
    let bar = FeedBar::find()?;
    let list: HtmlElement = find_list()?.dyn_into().ok()?;
    let data = ListData::read(&list)?;
    let ended = data.state == Some(EntryState::Ended);
    let view = LiveView {
        target: target_of(&list, &data),
        has_likes: is_of_entry(&data.feed),
        page: Page::new(list, bar, &data),
        // A page that never has a stream needs its counts at once.
        without_stream: Cell::new(if ended { EVENTS_WITHOUT_STREAM - 1 } else { 0 }),
    };
    view.show_zone(local_storage::get(local_storage::ZONE).as_deref() == Some("own"));
    let client = FeedClient::start(view, data.feed, data.cursor, ended);
    set(client.view.list(), "data-hydrated", "");
    Some(client)
}

impl LiveView {
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
}

impl View for LiveView {
    fn scope(&self) -> PageScope {
        self.target.scope()
    }

    fn list(&self) -> &Element {
        self.page.list.element()
    }

    fn show(&self, shown: Shown) -> Freshness {
        self.target.show(&self.page, shown.changes, &shown.entries)
    }

    fn replace(&self, batches: Vec<Batch>) {
        self.page.list.mark_stale();
        for batch in batches {
            let entry = batch.entry.map(|entry| *entry);
            self.target
                .show(&self.page, batch.changes, entry.as_slice());
        }
        self.page.list.remove_stale();
        self.page.bar.show_pending(self.page.list.pending());
    }

    fn show_page(&self, fresh: &Element, merge: Option<Rev>) {
        self.target.show_page(&self.page, fresh, merge);
    }

    fn show_status(&self, status: ConnectionStatus, in_touch: bool) {
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
        if events == EVENTS_WITHOUT_STREAM && self.has_likes {
            pass_on(LikeEvent::WithoutStream);
        }
    }
}
