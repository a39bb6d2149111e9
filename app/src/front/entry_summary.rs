//! An entry's summary on the front page, rendered here for the page and for the feed.

use leptos::prelude::*;
use newsroom::{Entry, LiveUpdate};

use crate::{
    entry::{Moment, excerpt, render_since},
    inert::optional,
    layout::ENGLISH,
};

/// The longest excerpt of the latest update, in characters: about two lines.
const LATEST_EXCERPT: usize = 120;

/// Renders the summary of `entry`, whose latest update is `latest`.
pub fn render_entry_summary(entry: &Entry, latest: Option<&LiveUpdate>) -> String {
    Owner::new().with(|| view! { <EntrySummary entry latest /> }.to_html())
}

#[component]
fn EntrySummary<'a>(
    entry: &'a Entry,
    #[prop(optional_no_strip)] latest: Option<&'a LiveUpdate>,
) -> impl IntoView {
    let summary = entry.summary.to_string();
    let about = (!summary.is_empty()).then(|| {
        view! {
            <p class="entry-about" dir="auto">
                {summary}
            </p>
        }
    });
    let latest = latest.map(|update| {
        // With the date: the page does not show the day, and may stay open for days.
        view! {
            <p class="entry-latest" dir="auto">
                <Moment
                    at=update.posted_at
                    zone=entry.time_zone.clone()
                    context=entry.starts_at
                    dated=true
                    titled=true
                />
                {format!(" {}", excerpt(update, LATEST_EXCERPT))}
            </p>
        }
    });
    view! {
        <li
            id=format!("entry-{}", entry.id)
            class="entry-item"
            data-entry-id=entry.id.0
            data-starts-at=entry.starts_at.0
            data-state=entry.state.as_str()
            lang=entry.language.to_string()
        >
            <a href=format!("/entries/{}", entry.slug) dir="auto">
                {entry.title.to_string()}
            </a>
            {optional(about)}
            {optional(latest)}
            <p class="entry-when" lang=ENGLISH inner_html=render_since(entry)></p>
        </li>
    }
}
