//! The highlights above an entry's list: the link to its chat, the pinned update, and the key
//! moments.

use leptos::prelude::*;
use newsroom::{Entry, LiveUpdate, zone::LocalTime};

use super::{
    bar_ids,
    excerpt::excerpt,
    moment::{Moment, is_same_day},
};
use crate::{
    inert::{all, optional},
    layout::ENGLISH,
};

/// The longest excerpt of the pinned update, in characters: about two lines.
const PINNED_EXCERPT: usize = 160;
/// The longest excerpt of a key moment, in characters: about one line.
const MOMENT_EXCERPT: usize = 80;

/// Renders the highlights of an entry with these `updates`, all of which are pinned or key; empty
/// if there is nothing to show. Pages and the feed carry the same bytes.
pub fn render_highlights(entry: &Entry, updates: &[LiveUpdate]) -> String {
    if updates.is_empty() && !entry.has_chat {
        return String::new();
    }
    Owner::new().with(|| view! { <Highlights entry updates /> }.to_html())
}

#[component]
fn Highlights<'a>(entry: &'a Entry, updates: &'a [LiveUpdate]) -> impl IntoView {
    let chat = entry.has_chat.then(|| {
        view! {
            <p class="entry-chat" lang=ENGLISH>
                <a class="button" id=bar_ids::CHAT href=format!("/rooms/entry-{}", entry.id)>
                    "Chat"
                </a>
            </p>
        }
    });
    let pinned = updates.iter().find(|update| update.pinned).map(|update| {
        view! {
            <section class="pinned-update" aria-labelledby="pinned">
                <h2 id="pinned" lang=ENGLISH>
                    "Pinned"
                </h2>
                <a href=format!("#update-{}", update.id) dir="auto">
                    {excerpt(update, PINNED_EXCERPT)}
                </a>
            </section>
        }
    });
    let zone = &entry.time_zone;
    let keys = || updates.iter().filter(|update| update.key);
    // With one date among times without dates, the days of the others would be unclear.
    let dated = keys().any(|update| !is_same_day(update.posted_at, entry.starts_at, zone));
    let moments: Vec<_> = keys()
        .map(|update| {
            view! {
                // The id lets `morph` match the item as others come and go.
                <li id=format!("moment-{}", update.id)>
                    <a
                        href=format!("#update-{}", update.id)
                        title=LocalTime::new(update.posted_at, zone).full()
                        dir="auto"
                    >
                        <Moment at=update.posted_at zone=zone.clone() context=entry.starts_at dated />
                        " " <span>{excerpt(update, MOMENT_EXCERPT)}</span>
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
                <ol>{all(moments)}</ol>
            </nav>
        }
    });
    view! {
        {optional(chat)}
        {optional(pinned)}
        {optional(moments)}
    }
}
