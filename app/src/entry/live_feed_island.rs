//! The island that makes a page live: an entry's, or one of all entries. The list of updates is not inside it: hydration would
//! have to walk through every update, and has no need to.

use std::{cell::OnceCell, rc::Rc};

use domain::Chip;
use leptos::prelude::*;

use super::{
    feed_bar::{FeedBar, chip_text},
    live_page::LivePage,
};

/// The bar above the list: the connection, the order and the zone; and behind it the live page. What
/// it has to know stands in the list's `data-` attributes: props would be JSON, and a parser for it.
#[island]
pub fn LiveFeed() -> impl IntoView {
    let live: Rc<OnceCell<Rc<LivePage>>> = Rc::default();
    // The server has no page that could be live. In the browser the bar is woken first: waking it writes
    // its attributes anew, and what the page had told by then would be lost.
    if cfg!(not(feature = "ssr")) {
        let live = Rc::clone(&live);
        queue_microtask(move || {
            if let Some(page) = LivePage::start() {
                live.get_or_init(|| page);
            }
        });
    }
    let on_page = |act: fn(&LivePage)| {
        let live = Rc::clone(&live);
        move |_| {
            if let Some(page) = live.get() {
                act(page);
            }
        }
    };
    view! {
        <div class="feed-bar if-js" lang="en">
            <p id=FeedBar::CHIP class="chip" data-chip=Chip::Connecting.as_str()>
                {chip_text(Chip::Connecting)}
            </p>
            // Which of the two is seen follows from the page's order, before this is awake too. A page of all
            // entries has one order.
            <button class="button feed-order" type="button" on:click=on_page(LivePage::flip)>
                <span class="if-oldest">"Show latest first"</span>
                <span class="if-latest">"Show oldest first"</span>
            </button>
            <button
                id=FeedBar::ZONE
                class="button"
                type="button"
                hidden
                on:click=on_page(LivePage::switch_zone)
            ></button>
        </div>
        <button
            id=FeedBar::ARRIVALS
            class="arrivals"
            type="button"
            lang="en"
            hidden
            on:click=on_page(LivePage::go_to_arrivals)
        ></button>
        <p id=FeedBar::NEWS class="for-ears" role="status" lang="en"></p>
    }
}
