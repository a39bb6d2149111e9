//! The front page: all public entries.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::Entry;

use crate::{
    layout::{Frame, Place, or_error},
    request::newsroom,
};

/// The front page: what is live first, then what is announced, then what is over.
#[component]
pub fn FrontPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let page = newsroom().front_page().await.map(|page| {
            let empty = page.live.is_empty() && page.upcoming.is_empty() && page.ended.is_empty();
            view! {
                <Frame title="Ringside: live blogs" place=Place::Public>
                    <h1 class="front-title">"Live blogs"</h1>
                    {empty
                        .then(|| {
                            view! {
                                <p class="empty">
                                    "There is no live blog yet. "
                                    <a href="/desk">"Create the first one at your desk."</a>
                                </p>
                            }
                        })}
                    <Entries heading="Live now" entries=page.live />
                    <Entries heading="Coming up" entries=page.upcoming />
                    <Entries heading="Ended" entries=page.ended />
                </Frame>
            }
        });
        or_error(&response, page)
    })
}

#[component]
fn Entries(heading: &'static str, entries: Vec<Entry>) -> impl IntoView {
    (!entries.is_empty()).then(|| {
        view! {
            <section class="front-section">
                <h2>{heading}</h2>
                <ul class="entries">
                    {entries.into_iter().map(|entry| view! { <EntryLine entry /> }).collect_view()}
                </ul>
            </section>
        }
    })
}

#[component]
fn EntryLine(entry: Entry) -> impl IntoView {
    let since = entry.since();
    let summary = entry.summary.to_string();
    view! {
        <li class="entry-line" data-state=entry.state.as_str()>
            <a href=format!("/entries/{}", entry.slug)>{entry.title.to_string()}</a>
            {(!summary.is_empty()).then(|| view! { <p>{summary}</p> })}
            <p class="entry-when">{since}</p>
        </li>
    }
}
