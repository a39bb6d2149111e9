//! A page of all entries, made anew of the page that the server has now. All that ever changed in all entries would be
//! far more than such a page shows.

use std::rc::Rc;

use domain::Cursor;
use gloo_timers::callback::Timeout;
use leptos::prelude::window;
use wasm_bindgen_futures::spawn_local;

use super::{
    card_node,
    catching_up::{SPREAD_MS, dice},
    feed_list::Shows,
    fetch,
    live_page::LivePage,
    settling::settle_inside,
};

/// How long to wait before the page is fetched again that could not be had.
const AGAIN_MS: u32 = 10_000;

impl LivePage {
    /// Fetches the page, and swaps in what is different: what stays the same keeps its node, and the
    /// reader their place. A moment of chance first, so that a thousand pages don't ask as one.
    pub(super) fn renew(self: &Rc<Self>) {
        if self.renewing.replace(true) {
            return;
        }
        let page = Rc::clone(self);
        let ask = move || spawn_local(async move { page.fetch_anew().await });
        Timeout::new(dice(SPREAD_MS), ask).forget();
    }

    async fn fetch_anew(self: Rc<Self>) {
        let path = window().location().pathname().unwrap_or_default();
        let answer = fetch::get_text(&path).await;
        self.renewing.set(false);
        let html = answer.and_then(|(status, text)| (status == 200).then_some(text));
        if let Some(cursor) = html.and_then(|html| self.become_like(&html)) {
            self.reader.borrow_mut().restart(cursor);
            self.note_cursor();
            // It may come out of a cache, and be behind what this page knew.
            self.catch_up();
        } else {
            Timeout::new(AGAIN_MS, move || self.renew()).forget();
        }
    }

    /// Shows what the page in `html` does, and answers where in the feed that is.
    fn become_like(&self, html: &str) -> Option<Cursor> {
        let list = self.list.element();
        let same = ["#", &list.id()].concat();
        let fresh = card_node::parse_all(html)?.query_selector(&same).ok()??;
        let data = |name| fresh.get_attribute(name).unwrap_or_default();
        let cursor = data("data-cursor").parse().ok()?;
        if self.shows == Shows::Entries {
            settle_inside(list, &fresh);
        } else {
            self.list.set_data("live", &data("data-live"));
            self.list.set_data("oldest", &data("data-oldest"));
            self.hold_or_show(|hold| self.list.become_like(&fresh, hold));
        }
        Some(cursor)
    }
}
