//! The page `/live`: the updates of all live entries in one list.

use domain::Order;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use newsroom::{Cards, ListForm, LivePage};

use super::labelled_cards::add_entry_label;
use crate::{
    entry::{FeedBar, LiveFeed, list_html},
    layout::{Audience, Canonical, ENGLISH, Hydration, PageLayout, StaticBar, page_or_error},
    request::newsroom,
};

/// The latest updates of all live entries, newest first.
#[component]
pub fn LiveNowPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let newsroom = newsroom();
        let page = newsroom.live_page().await.map(|page| {
            let cards = cards(newsroom.cards(), &page);
            let live: Vec<_> = page.entries.iter().map(|it| it.id.to_string()).collect();
            let description = format!(
                "The latest {} updates from everything that is live, newest first.",
                LivePage::MAX_UPDATES
            );
            view! {
                <PageLayout title="Live now · Ringside" audience=Audience::Public>
                    <Meta name="description" content=description.clone() />
                    <Canonical path="/live" />
                    <header class="front-title" lang=ENGLISH>
                        <h1>"Live now"</h1>
                        <p class="hint">{description}</p>
                    </header>
                    <StaticBar url="/live" />
                    <Hydration />
                    <LiveFeed />
                    <FeedBar />
                    <div
                        id="live-updates"
                        role="feed"
                        aria-label="Updates"
                        // A feed must contain articles, unless it is busy (WAI-ARIA 1.2).
                        aria-busy=cards.is_empty().then_some("true")
                        data-entry-id="all"
                        data-cursor=page.cursor.to_string()
                        data-order=Order::Latest.as_str()
                        data-live=live.join(" ")
                        data-oldest=page.oldest().0
                        inner_html=list_html(&cards, ListForm::Page(Order::Latest))
                    ></div>
                    <p class="empty if-no-updates" lang=ENGLISH>
                        "Nothing is live right now. " <a href="/">"See all live blogs."</a>
                    </p>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// Returns the cards, oldest first, each with the label of its entry.
fn cards(cards: &Cards, page: &LivePage) -> Vec<String> {
    let labelled = page.updates.iter().filter_map(|update| {
        let entry = page
            .entries
            .iter()
            .find(|entry| entry.id == update.entry_id)?;
        let card = cards.card(entry, update);
        let (slug, title) = (entry.slug.as_str(), entry.title.as_str());
        Some(add_entry_label(&card, update.id, entry.id, slug, title))
    });
    labelled.collect()
}
