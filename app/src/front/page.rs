//! The front page, and the pages with earlier live blogs that have ended.

use domain::{EntryId, EntryState};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use leptos_router::hooks::use_query_map;
use newsroom::{Cards, Entry, LiveUpdate};

use super::section::section_id;
use crate::{
    entry::{FeedBar, LiveFeed},
    inert::optional,
    layout::{Audience, Canonical, ENGLISH, Hydration, PageLayout, StaticBar, page_or_error},
    request::newsroom,
};

/// The front page: the live entries, the upcoming ones, then the latest ended ones. With
/// `?before=`, the ended entries after that one.
#[component]
pub fn FrontPage() -> impl IntoView {
    let before = use_query_map().with(|query| query.get("before"));
    match before.and_then(|id| id.parse().ok()) {
        Some(id) => view! { <EndedPage before=EntryId(id) /> }.into_any(),
        None => view! { <CurrentPage /> }.into_any(),
    }
}

#[component]
fn CurrentPage() -> impl IntoView {
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
                    <FeedBar />
                    <div id="live-entries" data-entry-id="all" data-cursor=page.cursor.to_string()>
                        <Section heading="Live now" state=EntryState::Live summaries=live />
                        <Section heading="Coming up" state=EntryState::Upcoming summaries=upcoming />
                        <Section
                            heading="Ended"
                            state=EntryState::Ended
                            summaries=ended
                            next=page.next
                        />
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

/// Ended entries, as they are now: the page does not follow the feed, because it has no place for
/// entries that end while it is open.
#[component]
fn EndedPage(before: EntryId) -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let newsroom = newsroom();
        let page = newsroom.ended_page(before).await.map(|page| {
            let ended = summaries(newsroom.cards(), &page.entries, EntryState::Ended);
            view! {
                <PageLayout title="Ringside: older live blogs" audience=Audience::Public>
                    <h1 class="front-title" lang=ENGLISH>
                        "Older live blogs"
                    </h1>
                    <p class="front-also" lang=ENGLISH>
                        <a href="/">"All current live blogs"</a>
                    </p>
                    <Section
                        heading="Ended"
                        state=EntryState::Ended
                        summaries=ended
                        next=page.next
                    />
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
/// while the page is open. `next` is the last entry of the list, if it continues on another page.
#[component]
fn Section(
    heading: &'static str,
    state: EntryState,
    summaries: String,
    #[prop(optional_no_strip)] next: Option<EntryId>,
) -> impl IntoView {
    let older = next.map(|id| {
        view! {
            <p class="front-also" lang=ENGLISH>
                <a href=format!("/?before={id}")>"Older live blogs"</a>
            </p>
        }
    });
    view! {
        <section class="front-section">
            <h2 lang=ENGLISH>{heading}</h2>
            <ul
                class="entries"
                id=section_id(state)
                data-continues=next.map(|_| "")
                inner_html=summaries
            ></ul>
            {optional(older)}
        </section>
    }
}
