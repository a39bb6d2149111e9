//! An entry's line on the front page: the one place that makes it, for the page and the feed.

use leptos::prelude::*;
use newsroom::{
    Entry, LiveUpdate,
    zone::{self, LocalTime},
};

use crate::entry::said;

/// How much of the latest update is shown, in characters: about two lines.
const LATEST: usize = 120;

/// The line of `entry`, of which `latest` is the latest update.
pub fn render_line(entry: &Entry, latest: Option<&LiveUpdate>) -> String {
    Owner::new().with(|| view! { <EntryLine entry latest /> }.to_html())
}

#[component]
fn EntryLine<'a>(
    entry: &'a Entry,
    #[prop(optional_no_strip)] latest: Option<&'a LiveUpdate>,
) -> impl IntoView {
    let summary = entry.summary.to_string();
    let latest = latest.map(|update| {
        let time = LocalTime::new(update.posted_at, &entry.time_zone);
        view! {
            <p class="entry-latest">
                <time datetime=zone::rfc3339(update.posted_at) title=time.full()>
                    {time.clock()}
                </time>
                " "
                {said(update, LATEST)}
            </p>
        }
    });
    view! {
        <li
            id=format!("entry-{}", entry.id)
            class="entry-line"
            data-entry-id=entry.id.0
            data-starts-at=entry.starts_at.0
            data-state=entry.state.as_str()
        >
            <a href=format!("/entries/{}", entry.slug)>{entry.title.to_string()}</a>
            {(!summary.is_empty()).then(|| view! { <p class="entry-about">{summary}</p> })}
            {latest}
            <p class="entry-when">{entry.since()}</p>
        </li>
    }
}
