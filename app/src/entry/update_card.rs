//! An update's card: the one place that makes it, for every page and every road.

use domain::Order;
use leptos::prelude::*;
use newsroom::{Cards, Entry, LiveUpdate, zone::LocalTime};

use super::moment::Moment;
use crate::layout::ENGLISH;

/// The card of `update`: what the newsroom hands to pages, streams, polls and programs alike.
pub fn render_card(entry: &Entry, update: &LiveUpdate) -> String {
    Owner::new().with(|| view! { <UpdateCard entry update /> }.to_html())
}

/// The cards of an entry's `updates` (oldest first), one after the other, in `order`.
pub fn updates_block(cards: &Cards, entry: &Entry, updates: &[LiveUpdate], order: Order) -> String {
    let card = |update| cards.card(entry, update);
    let cards: Vec<_> = match order {
        Order::Oldest => updates.iter().map(card).collect(),
        Order::Latest => updates.iter().rev().map(card).collect(),
    };
    cards.concat()
}

#[component]
fn UpdateCard<'a>(entry: &'a Entry, update: &'a LiveUpdate) -> impl IntoView {
    let zone = &entry.time_zone;
    // What is the page's own word, in a card that is in another language.
    let own = (!entry.language.is_english()).then_some(ENGLISH);
    let edited = update.edited_at.map(|at| {
        view! {
            <span class="update-edited" lang=own>
                "edited "
                <Moment at zone=zone.clone() context=update.posted_at titled=true />
            </span>
        }
    });
    let heading = update.headline.as_ref().map(|line| {
        view! {
            <h2 class="update-headline" dir="auto">
                {line.to_string()}
            </h2>
        }
    });
    let key = update.key.then(|| {
        view! {
            <p class="update-key" lang=own>
                "Key moment"
            </p>
        }
    });
    view! {
        <article
            id=format!("update-{}", update.id)
            class="update"
            data-update-id=update.id.0
            data-rev=update.rev
            data-posted-at=update.posted_at.0
            lang=entry.language.to_string()
        >
            <a
                class="update-when"
                href=format!("/entries/{}/updates/{}", entry.slug, update.id)
                title=LocalTime::new(update.posted_at, zone).full()
                lang=own
            >
                <Moment at=update.posted_at zone=zone.clone() context=entry.starts_at />
            </a>
            <div class="update-body">
                {key} {heading} <div class="prose" inner_html=update.html.as_str().to_owned()></div>
                <p class="update-by">
                    <bdi class="update-author">{update.author.to_string()}</bdi>
                    {edited}
                </p>
            </div>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        AccountId, Draft, EntryId, EntryState, Epoch, Language, Slug, Summary, Timestamp, Title,
        UpdateId, Username,
    };
    use newsroom::{to_safe_html, zone};

    use super::*;

    fn entry() -> Entry {
        Entry {
            epoch: Epoch::parse("e").unwrap(),
            id: EntryId(3),
            slug: Slug::parse("final").unwrap(),
            title: Title::parse("The final").unwrap(),
            summary: Summary::parse("").unwrap(),
            state: EntryState::Live,
            time_zone: zone::parse("Europe/Paris").unwrap(),
            language: Language::default(),
            own_language: None,
            starts_at: Timestamp(1_795_266_300_000_000),
            ended_at: None,
            default_order: Order::Oldest,
            rev: 1,
            head: 9,
        }
    }

    fn update(source: &str, headline: &str) -> LiveUpdate {
        let draft = Draft::parse(source, headline).unwrap();
        LiveUpdate {
            id: UpdateId(12),
            entry_id: EntryId(3),
            rev: 9,
            author_id: AccountId(1),
            author: Username::parse("ann").unwrap(),
            html: to_safe_html(&draft.source).unwrap(),
            headline: draft.headline,
            source: source.to_owned(),
            key: false,
            pinned: false,
            posted_at: Timestamp(1_795_266_300_123_456),
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        }
    }

    #[test]
    fn the_card_keeps_the_page_contract() {
        insta::assert_snapshot!(
            render_card(&entry(), &update("**Goal**", "")),
            @r#"<article id="update-12" data-update-id="12" data-rev="9" data-posted-at="1795266300123456" lang="en" class="update"><a href="/entries/final/updates/12" title="21 November 2026, 14:05 CET" class="update-when"><time datetime="2026-11-21T13:05:00.123Z" dir="ltr" data-from="2026-11-21T13:05:00.000Z" data-day="21 Nov">14:05</time></a><div class="update-body"><!><!><div class="prose"><p><strong>Goal</strong></p></div><p class="update-by"><bdi class="update-author">ann</bdi><!></p></div></article>"#
        );
    }

    #[test]
    fn what_was_typed_is_escaped() {
        let card = render_card(&entry(), &update("x", "<script>alert(1)</script>"));
        assert!(!card.contains("<script"), "{card}");
    }

    #[test]
    fn the_same_update_gives_the_same_bytes() {
        let (entry, update) = (entry(), update("A [link](https://example.org)", "Headline"));
        assert_eq!(render_card(&entry, &update), render_card(&entry, &update));
    }
}
