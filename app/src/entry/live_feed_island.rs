//! The island that keeps a page up to date: an entry's page, the front page, and `/live`. The list
//! of updates is not inside it.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{bar_ids, labels::status_text};
#[cfg(feature = "ssr")]
use crate::layout::ENGLISH;

/// The bar above the list (connection status, order, time zone), and the client behind it.
///
/// The client reads its parameters from the list's `data-` attributes: props would be JSON, and
/// would need a parser.
///
/// Hydration walks through no node, because a translator may have replaced every text by then, or
/// an extension may have inserted elements. The client finds the bar's elements by their ids
/// (docs/adr/0018).
#[island]
pub fn LiveFeed() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    crate::live::start();
    bar()
}

/// Renders nothing: in the browser the bar exists already.
#[cfg(not(feature = "ssr"))]
const fn bar() -> [(); 0] {
    []
}

#[cfg(feature = "ssr")]
fn bar() -> impl IntoView {
    view! {
        <div class="feed-bar if-live" lang=ENGLISH>
            <p id=bar_ids::STATUS class="connection-status" data-status=domain::ConnectionStatus::Connecting.as_str()>
                {status_text(domain::ConnectionStatus::Connecting)}
            </p>
            // The stylesheet shows the label for the list's order, even before hydration. A page of
            // all entries has only one order.
            <button id=bar_ids::ORDER class="button feed-order" type="button">
                <span class="if-oldest">"Show latest first"</span>
                <span class="if-latest">"Show oldest first"</span>
            </button>
            <button id=bar_ids::ZONE class="button" type="button" hidden></button>
        </div>
        <button id=bar_ids::PENDING class="pending-updates" type="button" lang=ENGLISH hidden></button>
        <p id=bar_ids::ANNOUNCEMENTS class="visually-hidden" role="status" lang=ENGLISH></p>
    }
}
