//! The page of one update: what a link to it shows.

use domain::{Slug, UpdateId};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Meta;
use leptos_router::hooks::use_params_map;
use newsroom::{Error, zone};

use super::said::said;
use crate::{
    layout::{Frame, Place, or_error},
    request::newsroom,
};

/// One update, and the way to its entry.
#[component]
pub fn UpdatePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let (slug, id) = use_params_map().with(|params| {
        let param = |name| params.get(name).unwrap_or_default();
        (param("slug"), param("id"))
    });
    Suspend::new(async move {
        let newsroom = newsroom();
        let found = async {
            let slug = Slug::parse(&slug).map_err(|_| Error::Unknown("entry"))?;
            let id: UpdateId = id.parse().map_err(|_| Error::Unknown("update"))?;
            newsroom.update_page(&slug, id).await
        };
        let page = found.await.map(|(entry, update)| {
            let card = newsroom.cards().card(&entry, &update);
            let title = said(&update, 70);
            let entry_url = format!("/entries/{}", entry.slug);
            view! {
                <Frame title=format!("{title} · {}", entry.title) place=Place::Public>
                    <Meta name="description" content=update.html.excerpt(200) />
                    <Meta property="og:title" content=title.clone() />
                    <Meta property="og:description" content=update.html.excerpt(200) />
                    <Meta property="og:type" content="article" />
                    <Meta
                        property="article:published_time"
                        content=zone::rfc3339(update.posted_at)
                    />
                    <h1 class="from-entry">
                        "From "
                        <a href=entry_url.clone()>{entry.title.to_string()}</a>
                    </h1>
                    <div class="one-update" inner_html=card.to_string()></div>
                    <p>
                        <a class="button" href=format!("{entry_url}#update-{}", update.id)>
                            "Read it in the live blog"
                        </a>
                    </p>
                </Frame>
            }
        });
        or_error(&response, page)
    })
}
