//! The page of an entry.

use std::time::Instant;

use axum::http::request::Parts;
use domain::{EntryState, Order};
use leptos::{either::Either, prelude::*, tachys::html::InertElement};
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use leptos_router::hooks::use_query_map;
use newsroom::{Entry, ListForm, LiveUpdate};

use super::{
    DocumentList,
    feed_bar::FeedBar,
    labels::{page_title, state_label},
    list_parts,
    live_feed_island::LiveFeed,
    moment::render_since,
};
use crate::{
    composer::ComposerLoader,
    inert::all,
    isolate::isolated,
    layout::{
        Audience, Canonical, ENGLISH, Hydration, ORDER_SCRIPT, PageLayout, StaticBar, page_or_error,
    },
    params::slug_param,
    request::newsroom,
};

/// The longest description made of an article's first words, in characters.
const DESCRIPTION: usize = 200;

/// The page of an entry, with its article and all its updates. Its islands keep it up to date.
#[component]
pub fn EntryPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let slug = slug_param();
    let order = use_query_map().with(|query| query.get("order"));
    Suspend::new(async move {
        let newsroom = newsroom();
        let begun = Instant::now();
        let page = async { newsroom.entry_page(&slug?).await };
        let page = page.await;
        let read = begun.elapsed();
        let page = page.map(|page| {
            let entry = page.entry;
            let requested = order.and_then(|order| order.parse().ok());
            let order = requested.unwrap_or(entry.default_order);
            let form = ListForm::Page(order);
            let list = list_parts(newsroom.cards(), &entry, &page.updates, form);
            // Parts of the time that the server logs for the whole page.
            tracing::debug!(
                database_ms = read.as_secs_f64() * 1e3,
                cards_ms = begun.elapsed().saturating_sub(read).as_secs_f64() * 1e3,
                "assembled the cards"
            );
            let highlighted = page.updates.iter().filter(|update| update.is_highlight());
            let highlighted: Vec<LiveUpdate> =
                highlighted.map(|update| (**update).clone()).collect();
            let highlights = newsroom.cards().highlights(&entry, &highlighted);
            let mut authors: Vec<String> = Vec::new();
            for update in &page.updates {
                if !authors.iter().any(|name| *name == update.author_name()) {
                    authors.push(update.author_name().to_owned());
                }
            }
            let article = newsroom.cards().article(&entry, &page.article);
            let description = match (entry.summary.as_str(), page.article.excerpt(DESCRIPTION)) {
                ("", text) if text.is_empty() => {
                    format!("Live updates: {}", isolated(entry.title.as_str()))
                }
                ("", text) => text,
                (summary, _) => summary.to_owned(),
            };
            view! {
                <PageLayout
                    title=page_title(entry.title.as_str())
                    audience=Audience::Public
                    language=Some(entry.language.clone())
                >
                    <Meta name="description" content=description.clone() />
                    <Meta property="og:title" content=entry.title.to_string() />
                    <Meta property="og:description" content=description />
                    <Meta property="og:type" content="article" />
                    <Canonical path=format!("/entries/{}", entry.slug) />
                    <Heading entry=entry.clone() authors />
                    {InertElement::new(article)}
                    <div class="highlights" id="entry-highlights" inner_html=highlights></div>
                    <ComposerLoader />
                    <EntryStaticBar entry=entry.clone() order />
                    <Hydration />
                    <LiveFeed />
                    <FeedBar />
                    <div
                        id="live-updates"
                        role="feed"
                        aria-label="Updates"
                        // A feed must contain articles, unless it is busy (WAI-ARIA 1.2).
                        aria-busy=page.updates.is_empty().then_some("true")
                        data-entry-id=entry.id.0
                        data-cursor=page.cursor.to_string()
                        data-order=order.as_str()
                        data-state=entry.state.as_str()
                        data-slug=entry.slug.to_string()
                        data-zone=entry.time_zone.to_string()
                        inner_html=DocumentList::insert(list)
                    ></div>
                    <script inner_html=ORDER_SCRIPT></script>
                    <p class="empty if-no-updates" lang=ENGLISH>
                        <NoUpdates state=entry.state />
                    </p>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// The text shown instead of an empty list.
#[component]
fn NoUpdates(state: EntryState) -> impl IntoView {
    match state {
        EntryState::Ended => Either::Left(view! {
            "This live blog ended without an update. "
            <a href="/">"See all live blogs."</a>
        }),
        _ => Either::Right(view! {
            "No updates yet. "
            <span class="if-live">"The first one will appear here automatically."</span>
        }),
    }
}

#[component]
fn Heading(entry: Entry, authors: Vec<String>) -> impl IntoView {
    let since = render_since(&entry);
    let authors = authors.into_iter().enumerate().map(|(at, author)| {
        let before = if at == 0 { " · by " } else { ", " };
        view! {
            {before}
            <bdi>{author}</bdi>
        }
    });
    view! {
        <header class="entry-header">
            <p
                class="entry-state"
                id="entry-state"
                data-state=entry.state.as_str()
                lang=ENGLISH
            >
                {state_label(entry.state)}
            </p>
            <h1 id="entry-title" dir="auto">
                {entry.title.to_string()}
            </h1>
            <p class="entry-summary" id="entry-summary" dir="auto">
                {entry.summary.to_string()}
            </p>
            <p class="entry-since" lang=ENGLISH>
                <span id="entry-since" inner_html=since></span>
                {all(authors)}
            </p>
        </header>
    }
}

/// The bar of a page that does not update automatically: a link to refresh it, a link to the other
/// order, and for authors a link to the composer's own page.
#[component]
fn EntryStaticBar(entry: Entry, order: Order) -> impl IntoView {
    let url = use_context::<Parts>().map(|parts| parts.uri.to_string());
    let other = order.flipped();
    view! {
        <StaticBar url=url.unwrap_or_default()>
            <a class="button" href=format!("/entries/{}?order={other}", entry.slug)>
                {show_first(other)}
            </a>
            <a class="button if-author" href=format!("/entries/{}/compose", entry.slug)>
                "Post update"
            </a>
        </StaticBar>
    }
}

const fn show_first(order: Order) -> &'static str {
    match order {
        Order::Oldest => "Show oldest first",
        Order::Latest => "Show latest first",
    }
}
