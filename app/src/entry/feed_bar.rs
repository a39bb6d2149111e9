//! The bar above a list: connection status, order, time zone, and pending updates.

use leptos::prelude::*;

use super::{bar_ids, labels::status_text};
use crate::layout::ENGLISH;

/// The bar, right before its list, on which its styles depend.
#[component]
pub fn FeedBar() -> impl IntoView {
    let connecting = domain::ConnectionStatus::Connecting;
    view! {
        <div class="live-bar">
            <div class="feed-bar if-live" lang=ENGLISH>
                <p id=bar_ids::STATUS class="connection-status" data-status=connecting.as_str()>
                    {status_text(connecting)}
                </p>
                // The stylesheet shows the label for the list's order, even before hydration. A
                // page of all entries has only one order.
                <button id=bar_ids::ORDER class="button feed-order" type="button">
                    <span class="if-oldest">"Show latest first"</span>
                    <span class="if-latest">"Show oldest first"</span>
                </button>
                <button id=bar_ids::ZONE class="button" type="button" hidden></button>
            </div>
            <button id=bar_ids::PENDING class="pending-updates" type="button" lang=ENGLISH hidden></button>
            <p id=bar_ids::ANNOUNCEMENTS class="visually-hidden" role="status" lang=ENGLISH></p>
        </div>
    }
}
