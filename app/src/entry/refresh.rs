//! A page of all entries, made anew of the page that the server has now. All that ever changed in all entries would be
//! far more than such a page shows.

use std::rc::Rc;

use domain::Cursor;
use gloo_timers::callback::Timeout;
use leptos::prelude::window;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

use super::{
    card_node::{self, number},
    catch_up::{SPREAD_MS, jitter},
    feed_list::Shows,
    fetch,
    live_page::LivePage,
    morph::morph_children,
    times,
};

/// How long to wait before the page is fetched again that could not be had.
const AGAIN_MS: u32 = 10_000;

/// How long to wait before it is fetched again that came out of a cache, too old: as long as caches keep it.
const KEPT_MS: u32 = 2_000;

impl LivePage {
    /// Fetches the page, and swaps in what is different: what stays the same keeps its node, and the
    /// reader their place. A moment of chance first, so that a thousand pages don't ask as one.
    pub(super) fn renew(self: &Rc<Self>) {
        self.require_revision();
        self.fetch_in(0);
    }

    /// From here on, what is fetched must know what this page knows by now: what it has no notion of would
    /// be undone by it, and nothing would tell of that again.
    pub(super) fn require_revision(&self) {
        self.known.replace(self.reader.borrow().cursor().clone());
    }

    fn fetch_in(self: &Rc<Self>, wait_ms: u32) {
        if self.renewing.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        let ask = move || spawn_local(async move { page.fetch_anew().await });
        Timeout::new(wait_ms + jitter(SPREAD_MS), ask).forget();
    }

    async fn fetch_anew(self: Rc<Self>) {
        let path = window().location().pathname().unwrap_or_default();
        let answer = fetch::get_text(&path).await;
        self.renewing.set(false);
        let html = answer.and_then(|(status, text)| (status == 200).then_some(text));
        match html.and_then(|html| self.parse(&html)) {
            Some((_, cursor)) if self.is_too_old(&cursor) => self.fetch_in(KEPT_MS),
            Some((fresh, cursor)) => {
                self.replace_with(&fresh, cursor);
                self.note_cursor();
                // It may come out of a cache, and be behind what the server has, or ahead of what is read.
                self.catch_up();
            }
            None => self.fetch_in(AGAIN_MS),
        }
    }

    /// The list of the page in `html`, and where in the feed that is.
    fn parse(&self, html: &str) -> Option<(Element, Cursor)> {
        let same = ["#", &self.list.element().id()].concat();
        let fresh = card_node::parse_all(html)?.query_selector(&same).ok()??;
        let cursor = fresh.get_attribute("data-cursor")?.parse().ok()?;
        Some((fresh, cursor))
    }

    fn is_too_old(&self, cursor: &Cursor) -> bool {
        let known = self.known.borrow();
        cursor.epoch == known.epoch && cursor.rev < known.rev
    }

    /// Shows what a list does that was made at `cursor`.
    fn replace_with(&self, fresh: &Element, cursor: Cursor) {
        let same_epoch = cursor.epoch == self.reader.borrow().cursor().epoch;
        if self.shows == Shows::Entries {
            times::show(fresh, self.list.shows_own_zone());
            morph_children(self.list.element(), fresh);
        } else {
            self.note_bounds(fresh, same_epoch);
            self.hold_or_show(|hold| {
                if same_epoch {
                    self.list.merge(fresh, cursor.rev, hold)
                } else {
                    self.list.replace_with(fresh, hold)
                }
            });
            if same_epoch {
                // The fresh page tells nothing of what it has no room for: that is still to be read.
                return;
            }
        }
        self.reader.borrow_mut().restart(cursor);
    }

    /// Notes of a fresh list which entries are live, and what is too old to be shown.
    fn note_bounds(&self, fresh: &Element, same_epoch: bool) {
        let mut oldest = number(fresh, "data-oldest");
        if same_epoch {
            // What this page began with is still there.
            oldest = oldest.min(number(self.list.element(), "data-oldest"));
        }
        self.list.set_data("oldest", &oldest.to_string());
        let live = fresh.get_attribute("data-live").unwrap_or_default();
        self.list.set_data("live", &live);
    }
}
