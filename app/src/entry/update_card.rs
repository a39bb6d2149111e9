//! An update's card, rendered here for every page and every transport.

use domain::Headline;
use leptos::prelude::*;
use newsroom::{Entry, LiveUpdate, SafeHtml, zone::LocalTime};

use super::moment::Moment;
use crate::{escape::escaped, inert::optional, layout::ENGLISH};

/// Renders the card of `update`, which pages, streams, polls and the API all contain.
pub fn render_card(entry: &Entry, update: &LiveUpdate) -> String {
    Owner::new().with(|| view! { <UpdateCard entry update /> }.to_html())
}

/// Returns an update's headline, if it has one, and its text, for clients that render the time and
/// the author themselves.
pub fn update_content(update: &LiveUpdate) -> String {
    // Such a client's page may contain the card as well, so the ids must differ.
    let body = update.html.in_place(&format!("content-{}", update.id));
    match &update.headline {
        Some(line) => format!("<strong>{}</strong>\n{body}", escaped(line.to_string())),
        None => body,
    }
}

/// Renders the headline and the text of an update that is not published, as its card will show
/// them.
pub fn render_preview(heading: Option<&Headline>, html: &SafeHtml) -> String {
    let heading = heading.map(headline);
    let prose = view! { <div class="prose" inner_html=html.in_place("preview")></div> };
    Owner::new().with(|| view! { {optional(heading)} {prose} }.to_html())
}

fn headline(line: &Headline) -> impl IntoView + use<> {
    view! {
        <h2 class="update-headline" dir="auto">
            {line.to_string()}
        </h2>
    }
}

#[component]
fn UpdateCard<'a>(entry: &'a Entry, update: &'a LiveUpdate) -> impl IntoView {
    let zone = &entry.time_zone;
    // The language of the page's own words, if the card is in another language.
    let own = (!entry.language.is_english()).then_some(ENGLISH);
    let edited = update.edited_at.map(|at| {
        view! {
            <span class="update-edited" lang=own>
                "edited "
                <Moment at zone=zone.clone() context=update.posted_at titled=true />
            </span>
        }
    });
    let late = update.is_late().then(|| {
        let moment =
            |at| view! { <Moment at zone=zone.clone() context=update.posted_at titled=true /> };
        view! {
            <span class="update-late" lang=own>
                "written "
                {moment(update.posted_at)}
                ", published "
                {moment(update.published_at)}
            </span>
        }
    });
    let heading = update.headline.as_ref().map(headline);
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
            data-author-id=update.author_id.0
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
                {optional(key)} {optional(heading)} <div class="prose" inner_html=update.html.in_place(&format!("update-{}", update.id))></div>
                <p class="update-by">
                    <bdi class="update-author">{update.author_name().to_owned()}</bdi>
                    {optional(late)} {optional(edited)}
                </p>
            </div>
            <a
                class="update-like"
                href=format!("/entries/{}/updates/{}/like", entry.slug, update.id)
                rel="nofollow"
                lang=own
            >
                "Like"
            </a>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use domain::{Draft, Timestamp, UpdateId};
    use newsroom::to_safe_html;

    use super::*;
    use crate::entry::tests;

    fn entry() -> Entry {
        tests::entry("Europe/Paris", "2026-11-21 13:05")
    }

    fn update(source: &str, headline: &str) -> LiveUpdate {
        let draft = Draft::parse(source, headline).unwrap();
        LiveUpdate {
            html: to_safe_html(&draft.source).unwrap().html,
            headline: draft.headline,
            key: false,
            posted_at: Timestamp(1_795_266_300_123_456),
            ..tests::update("2026-11-21 13:05")
        }
    }

    #[test]
    fn card_keeps_the_page_contract() {
        insta::assert_snapshot!(
            render_card(&entry(), &update("**Goal**", "")),
            @r#"<article id="update-12" data-update-id="12" data-rev="9" data-posted-at="1795266300123456" data-author-id="1" lang="en" class="update"><a href="/entries/final/updates/12" title="21 November 2026, 14:05 CET" class="update-when"><time datetime="2026-11-21T13:05:00.123Z" dir="ltr" data-from="2026-11-21T13:05:00.000Z" data-day="21 Nov">14:05</time></a><div class="update-body"><div class="prose"><p dir="auto"><strong>Goal</strong></p></div><p class="update-by"><bdi class="update-author">ann</bdi></p></div><a href="/entries/final/updates/12/like" rel="nofollow" class="update-like">Like</a></article>"#
        );
    }

    #[test]
    fn headline_is_escaped() {
        let card = render_card(&entry(), &update("x", "<script>alert(1)</script>"));
        assert!(!card.contains("<script"), "{card}");
    }

    #[test]
    fn footnotes_of_two_cards_never_share_an_id() {
        let first = update("a[^1]\n\n[^1]: b", "");
        let second = LiveUpdate {
            id: UpdateId(13),
            ..first.clone()
        };
        let page = [&first, &second].map(|update| render_card(&entry(), update));
        let page = page.concat() + &update_content(&first);
        let ids = page.match_indices(" id=\"").map(|(at, _)| {
            let id = &page[at + " id=\"".len()..];
            &id[..id.find('"').unwrap()]
        });
        let mut ids: Vec<_> = ids.collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
        for id in ids.iter().filter(|id| id.contains("fn")) {
            assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
        }
    }

    #[test]
    fn content_has_no_time_and_no_author() {
        assert_eq!(
            update_content(&update("A *goal*", "")),
            "<p dir=\"auto\">A <em>goal</em></p>"
        );
        assert_eq!(
            update_content(&update("x", "1 < 2")),
            "<strong>1 &lt; 2</strong>\n<p dir=\"auto\">x</p>"
        );
    }

    #[test]
    fn same_update_renders_the_same_bytes() {
        let (entry, update) = (entry(), update("A [link](https://example.org)", "Headline"));
        assert_eq!(render_card(&entry, &update), render_card(&entry, &update));
    }
}
