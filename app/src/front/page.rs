//! The front page.

use domain::EntryState;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use newsroom::{Cards, Entry, LiveUpdate};

use super::section::section_id;
use crate::{
    entry::LiveFeed,
    layout::{Audience, Canonical, ENGLISH, Hydration, PageLayout, StaticBar, page_or_error},
    request::newsroom,
};

/// The front page: all public entries, first the live ones, then the upcoming, then the ended.
#[component]
pub fn FrontPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let newsroom = newsroom();
        let page = newsroom.front_page().await.map(|page| {
            let of = |state| summaries(newsroom.cards(), &page.entries, state);
            let (live, upcoming, ended) = (
                of(EntryState::Live),
                of(EntryState::Upcoming),
                of(EntryState::Ended),
            );
            view! {
                <PageLayout title="Ringside: live blogs" audience=Audience::Public>
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
                    <StaticBar url="/" />
                    <Hydration />
                    <LiveFeed />
                    <div id="live-entries" data-entry-id="all" data-cursor=page.cursor.to_string()>
                        <Section heading="Live now" state=EntryState::Live summaries=live />
                        <Section heading="Coming up" state=EntryState::Upcoming summaries=upcoming />
                        <Section heading="Ended" state=EntryState::Ended summaries=ended />
                    </div>
                    <p class="empty if-no-entries" lang=ENGLISH>
                        "No live blogs yet. "
                        <a href="/desk">"Create the first one at your desk."</a>
                    </p>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// Returns the summaries of the entries in `state`, in their order.
fn summaries(cards: &Cards, entries: &[(Entry, Option<LiveUpdate>)], state: EntryState) -> String {
    entries
        .iter()
        .filter(|(entry, _)| entry.state == state)
        .map(|(entry, latest)| cards.summary(entry, latest.as_ref()))
        .collect()
}

/// The entries in one state. An empty section is rendered, too, because entries may enter the state
/// while the page is open.
#[component]
fn Section(heading: &'static str, state: EntryState, summaries: String) -> impl IntoView {
    view! {
        <section class="front-section">
            <h2 lang=ENGLISH>{heading}</h2>
            <ul class="entries" id=section_id(state) inner_html=summaries></ul>
        </section>
    }
}
