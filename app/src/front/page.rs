//! The front page: all public entries.

use domain::EntryState;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use newsroom::{Cards, Entry, LiveUpdate};

use super::summary_list::section_id;
use crate::{
    entry::LiveFeed,
    layout::{Canonical, ENGLISH, Frame, Hydration, Place, StaticBar, or_error},
    request::newsroom,
};

/// The front page: what is live first, then what is announced, then what is over.
#[component]
pub fn FrontPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let newsroom = newsroom();
        let page = newsroom.front_page().await.map(|page| {
            let of = |state| lines(newsroom.cards(), &page.entries, state);
            let (live, upcoming, ended) = (
                of(EntryState::Live),
                of(EntryState::Upcoming),
                of(EntryState::Ended),
            );
            view! {
                <Frame title="Ringside: live blogs" place=Place::Public>
                    <Meta
                        name="description"
                        content="All live blogs: what is live now, what is coming up, and what has ended."
                    />
                    <Canonical path="/" />
                    <h1 class="front-title" lang=ENGLISH>
                        "Live blogs"
                    </h1>
                    <p class="front-also" lang=ENGLISH>
                        <a href="/live">"All live updates on one page"</a>
                    </p>
                    <StaticBar here="/" />
                    <Hydration />
                    <LiveFeed />
                    <div id="live-entries" data-entry-id="all" data-cursor=page.cursor.to_string()>
                        <Section heading="Live now" state=EntryState::Live lines=live />
                        <Section heading="Coming up" state=EntryState::Upcoming lines=upcoming />
                        <Section heading="Ended" state=EntryState::Ended lines=ended />
                    </div>
                    <p class="empty if-no-entries" lang=ENGLISH>
                        "No live blogs yet. "
                        <a href="/desk">"Create the first one at your desk."</a>
                    </p>
                </Frame>
            }
        });
        or_error(&response, page)
    })
}

/// The lines of the entries in `state`, in their order.
fn lines(cards: &Cards, entries: &[(Entry, Option<LiveUpdate>)], state: EntryState) -> String {
    entries
        .iter()
        .filter(|(entry, _)| entry.state == state)
        .map(|(entry, latest)| cards.line(entry, latest.as_ref()))
        .collect()
}

/// The entries of one state. One without any is there, too: an entry may come to it.
#[component]
fn Section(heading: &'static str, state: EntryState, lines: String) -> impl IntoView {
    view! {
        <section class="front-section">
            <h2 lang=ENGLISH>{heading}</h2>
            <ul class="entries" id=section_id(state) inner_html=lines></ul>
        </section>
    }
}
