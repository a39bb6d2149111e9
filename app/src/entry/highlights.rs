//! What stands above an entry's list: the pinned update's teaser, and the key moments.

use leptos::prelude::*;
use newsroom::{Entry, LiveUpdate, zone::LocalTime};

use super::{
    excerpt::excerpt,
    moment::{Moment, is_same_day},
};
use crate::layout::ENGLISH;

/// How much of an update without a headline is shown, in characters: two lines of the teaser, and one
/// of the list.
const TEASER: usize = 160;
const LINE: usize = 80;

/// What stands above the list, of the updates that are pinned or key; nothing of none. Pages and the feed
/// carry the same bytes.
pub fn render_highlights(entry: &Entry, updates: &[LiveUpdate]) -> String {
    if updates.is_empty() {
        return String::new();
    }
    Owner::new().with(|| view! { <Highlights entry updates /> }.to_html())
}

#[component]
fn Highlights<'a>(entry: &'a Entry, updates: &'a [LiveUpdate]) -> impl IntoView {
    let pinned = updates.iter().find(|update| update.pinned).map(|update| {
        view! {
            <section class="teaser" aria-labelledby="pinned">
                <h2 id="pinned" lang=ENGLISH>
                    "Pinned"
                </h2>
                <a href=format!("#update-{}", update.id) dir="auto">
                    {excerpt(update, TEASER)}
                </a>
            </section>
        }
    });
    let zone = &entry.time_zone;
    let keys = || updates.iter().filter(|update| update.key);
    // One date among times without any would leave it open whose days those are.
    let dated = keys().any(|update| !is_same_day(update.posted_at, entry.starts_at, zone));
    let moments: Vec<_> = keys()
        .map(|update| {
            view! {
                // By this it is known again as others come and go.
                <li id=format!("moment-{}", update.id)>
                    <a
                        href=format!("#update-{}", update.id)
                        title=LocalTime::new(update.posted_at, zone).full()
                        dir="auto"
                    >
                        <Moment at=update.posted_at zone=zone.clone() context=entry.starts_at dated />
                        " "
                        <span>{excerpt(update, LINE)}</span>
                    </a>
                </li>
            }
        })
        .collect();
    let moments = (!moments.is_empty()).then(|| {
        view! {
            <nav class="key-moments" aria-labelledby="key-moments">
                <h2 id="key-moments" lang=ENGLISH>
                    "Key moments"
                </h2>
                <ol>{moments}</ol>
            </nav>
        }
    });
    view! {
        {pinned}
        {moments}
    }
}
