//! The island that makes a page live: an entry's, or one of all entries. The list of updates is not inside it.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::feed_bar::{FeedBar, status_text};
use super::live_page::LivePage;
#[cfg(feature = "ssr")]
use crate::layout::ENGLISH;

/// The bar above the list: the connection, the order and the zone; and behind it the live page. What
/// it has to know stands in the list's `data-` attributes: props would be JSON, and a parser for it.
///
/// Hydrating it walks through no node: a translator may have replaced each text by then, or an extension
/// put something between. The live page finds the bar's elements by their ids (docs/adr/0018).
#[island]
pub fn LiveFeed() -> impl IntoView {
    // The server has no page that could be live.
    if cfg!(not(feature = "ssr")) {
        LivePage::start();
    }
    bar()
}

/// In the browser the bar is there.
#[cfg(not(feature = "ssr"))]
const fn bar() -> [(); 0] {
    []
}

#[cfg(feature = "ssr")]
fn bar() -> impl IntoView {
    view! {
        <div class="feed-bar if-live" lang=ENGLISH>
            <p id=FeedBar::STATUS class="connection-status" data-status=domain::ConnectionStatus::Connecting.as_str()>
                {status_text(domain::ConnectionStatus::Connecting)}
            </p>
            // Which of the two is seen follows from the page's order, before this is awake too. A page of all
            // entries has one order.
            <button id=FeedBar::ORDER class="button feed-order" type="button">
                <span class="if-oldest">"Show latest first"</span>
                <span class="if-latest">"Show oldest first"</span>
            </button>
            <button id=FeedBar::ZONE class="button" type="button" hidden></button>
        </div>
        <button id=FeedBar::ARRIVALS class="arrivals" type="button" lang=ENGLISH hidden></button>
        <p id=FeedBar::NEWS class="visually-hidden" role="status" lang=ENGLISH></p>
    }
}
