//! Refreshing a page of all entries from the server's current page. Such a page shows far less than
//! everything that ever changed in all entries.

use std::rc::Rc;

use domain::Cursor;
use gloo_timers::callback::Timeout;
use leptos::prelude::window;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

use super::{
    card_node::{self, number},
    catch_up::{MAX_JITTER_MS, jitter},
    feed_list::PageKind,
    fetch,
    live_client::LiveClient,
    morph::morph_children,
    times,
};

/// The delay before the page is fetched again after a failure, in milliseconds.
const RETRY_MS: u32 = 10_000;

/// The delay before the page is fetched again after a cache returned one that is too old, in
/// milliseconds: as long as caches keep it.
const CACHE_RETRY_MS: u32 = 2_000;

impl LiveClient {
    /// Fetches the page, and replaces what is different: unchanged parts keep their nodes, so the
    /// reader's place doesn't move. Starts after a random delay, so that many clients do not send
    /// their requests at once.
    pub(super) fn refresh(self: &Rc<Self>) {
        self.require_cursor();
        self.schedule_refresh(0);
    }

    /// Requires pages fetched from now on to be at least as new as this one. An older page would
    /// undo changes, and the feed would not send them again.
    pub(super) fn require_cursor(&self) {
        self.required
            .replace(self.follower.borrow().cursor().clone());
    }

    fn schedule_refresh(self: &Rc<Self>, delay_ms: u32) {
        if self.refreshing.replace(true) {
            return;
        }
        let client = Rc::clone(self);
        let fetch = move || spawn_local(async move { client.fetch_page().await });
        Timeout::new(delay_ms + jitter(MAX_JITTER_MS), fetch).forget();
    }

    async fn fetch_page(self: Rc<Self>) {
        let path = window().location().pathname().unwrap_or_default();
        let response = fetch::get_text(&path).await;
        self.refreshing.set(false);
        let html = response.and_then(|(status, text)| (status == 200).then_some(text));
        match html.and_then(|html| self.parse(&html)) {
            Some((_, cursor)) if self.is_too_old(&cursor) => self.schedule_refresh(CACHE_RETRY_MS),
            Some((page, cursor)) => {
                self.replace_with(&page, cursor);
                self.write_cursor();
                // A page from a cache may be older than the server's head, or newer than this page.
                self.catch_up();
            }
            None => self.schedule_refresh(RETRY_MS),
        }
    }

    /// Returns the list of the page in `html`, and its cursor.
    fn parse(&self, html: &str) -> Option<(Element, Cursor)> {
        let same = ["#", &self.list.element().id()].concat();
        let page = card_node::parse_all(html)?.query_selector(&same).ok()??;
        let cursor = page.get_attribute("data-cursor")?.parse().ok()?;
        Some((page, cursor))
    }

    fn is_too_old(&self, cursor: &Cursor) -> bool {
        let required = self.required.borrow();
        cursor.epoch == required.epoch && cursor.rev < required.rev
    }

    /// Shows what the list `page` shows, which was rendered at `cursor`.
    fn replace_with(&self, page: &Element, cursor: Cursor) {
        let same_epoch = cursor.epoch == self.follower.borrow().cursor().epoch;
        if self.kind == PageKind::Front {
            times::show(page, self.list.shows_own_zone());
            morph_children(self.list.element(), page);
        } else {
            self.copy_bounds(page, same_epoch);
            self.insert_updates(|hidden| {
                if same_epoch {
                    self.list.merge(page, cursor.rev, hidden)
                } else {
                    self.list.replace_with(page, hidden)
                }
            });
            if same_epoch {
                // The page leaves out updates that are too old for it. Their changes are still to
                // be fetched, so the cursor stays.
                return;
            }
        }
        self.follower.borrow_mut().restart(cursor);
    }

    /// Copies from a fetched list which entries are live, and the time of the oldest update shown.
    fn copy_bounds(&self, page: &Element, same_epoch: bool) {
        let mut oldest = number(page, "data-oldest");
        if same_epoch {
            // The updates that this page started with are still shown.
            oldest = oldest.min(number(self.list.element(), "data-oldest"));
        }
        self.list.set_data("oldest", &oldest.to_string());
        let live = page.get_attribute("data-live").unwrap_or_default();
        self.list.set_data("live", &live);
    }
}
