//! The page of one update, which links to an update lead to.

use axum::http::StatusCode;
use domain::Timestamp;
use leptos::{either::Either, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use newsroom::{
    Entry, LiveUpdate, ShownUpdate, UpdatePage as Page,
    zone::{self, LocalTime},
};

use super::{excerpt::excerpt, moment::Moment};
use crate::{
    isolate::isolated,
    layout::{Audience, Canonical, ENGLISH, PageLayout, page_or_error},
    likes::LikeForm,
    params::{slug_param, update_param},
    request::newsroom,
};

/// The longest excerpt of the previous and next update, in characters: about one line.
const NEIGHBOR_EXCERPT: usize = 80;

/// The page of one update, with links to its entry and to the updates before and after; or a note
/// that the update was removed.
#[component]
pub fn UpdatePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let (slug, id) = (slug_param(), update_param());
    Suspend::new(async move {
        let newsroom = newsroom();
        let found = async { newsroom.update_page(&slug?, id?).await };
        let page = found.await.map(|page| match page {
            Page::Shown(shown) => {
                let card = newsroom.cards().card(&shown.entry, &shown.update);
                Either::Left(view! { <Shown shown=*shown card=card.to_string() /> })
            }
            Page::Removed(entry) => {
                response.set_status(StatusCode::GONE);
                Either::Right(view! { <Removed entry=*entry /> })
            }
        });
        page_or_error(&response, page)
    })
}

#[component]
fn Shown(shown: ShownUpdate, card: String) -> impl IntoView {
    let ShownUpdate {
        entry,
        update,
        before,
        after,
    } = shown;
    let title = excerpt(&update, 70);
    let description = match update.html.excerpt(200) {
        text if text.is_empty() => title.clone(),
        text => text,
    };
    let entry_url = format!("/entries/{}", entry.slug);
    let posted = if update.is_late() {
        Either::Left(view! {
            "Written "
            <FullMoment entry=entry.clone() at=update.posted_at />
            ", published "
            <FullMoment entry=entry.clone() at=update.published_at />
        })
    } else {
        Either::Right(view! {
            "Posted "
            <FullMoment entry=entry.clone() at=update.posted_at />
        })
    };
    let neighbors = [(before, "prev"), (after, "next")];
    let neighbors = neighbors
        .into_iter()
        .filter_map(|(update, rel)| Some((update?, rel)))
        .map(|(update, rel)| view! { <Neighbor entry=entry.clone() update rel /> })
        .collect_view();
    view! {
        <PageLayout
            title=format!("{} · {}", isolated(&title), isolated(entry.title.as_str()))
            audience=Audience::Public
            language=Some(entry.language.clone())
        >
            <Meta name="description" content=description.clone() />
            <Meta property="og:title" content=title />
            <Meta property="og:description" content=description />
            <Meta property="og:type" content="article" />
            <Meta property="article:published_time" content=zone::rfc3339(update.published_at) />
            <Canonical path=format!("{entry_url}/updates/{}", update.id) />
            <h1 class="from-entry" lang=ENGLISH>
                "From "
                <a href=entry_url.clone() dir="auto" lang=entry.language.to_string()>
                    {entry.title.to_string()}
                </a>
            </h1>
            <p class="update-posted" lang=ENGLISH>
                {posted}
            </p>
            <div class="one-update" inner_html=card></div>
            <LikeForm update_path=format!("{entry_url}/updates/{}", update.id) />
            <p>
                <a class="button" href=format!("{entry_url}#update-{}", update.id) lang=ENGLISH>
                    "Read in live blog"
                </a>
            </p>
            <nav class="neighbors" aria-label="Other updates">
                {neighbors}
            </nav>
        </PageLayout>
    }
}

/// A moment with its date, year and zone.
#[component]
fn FullMoment(entry: Entry, at: Timestamp) -> impl IntoView {
    view! {
        <time datetime=zone::rfc3339(at) dir="ltr">
            {LocalTime::new(at, &entry.time_zone).full()}
        </time>
    }
}

/// A link to the update before or after this one.
#[component]
fn Neighbor(
    entry: Entry,
    update: LiveUpdate,
    /// The link's `rel`: `prev` or `next`.
    rel: &'static str,
) -> impl IntoView {
    let which = match rel {
        "prev" => "Previous update",
        _ => "Next update",
    };
    view! {
        <a href=format!("/entries/{}/updates/{}", entry.slug, update.id) rel=rel>
            <span class="neighbor-which" lang=ENGLISH>
                {which}
                " · "
                <Moment
                    at=update.posted_at
                    zone=entry.time_zone.clone()
                    context=entry.starts_at
                    dated=true
                />
            </span>
            <span class="neighbor-excerpt" dir="auto">
                {excerpt(&update, NEIGHBOR_EXCERPT)}
            </span>
        </a>
    }
}

/// A note that the update was removed, with a link to its live blog.
#[component]
fn Removed(entry: Entry) -> impl IntoView {
    view! {
        <PageLayout
            title=format!("Removed · {}", isolated(entry.title.as_str()))
            audience=Audience::Public
            language=Some(entry.language.clone())
        >
            <div class="note" lang=ENGLISH>
                <h1>"Removed"</h1>
                <p>"This update was removed from its live blog."</p>
                <p>
                    <a class="button" href=format!("/entries/{}", entry.slug)>
                        <span>
                            "Read the live blog: "
                            <bdi lang=entry.language.to_string()>{entry.title.to_string()}</bdi>
                        </span>
                    </a>
                </p>
            </div>
        </PageLayout>
    }
}
