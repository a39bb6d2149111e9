//! The page that shows how many people like an update, and whether the reader does.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::{Error, PersonId, UpdatePage};

use super::like_form::LikeForm;
use crate::{
    isolate::isolated,
    layout::{Audience, ENGLISH, PageLayout, page_or_error},
    params::{slug_param, update_param},
    request::{PageRequest, newsroom},
};

/// The page of an update's likes, without JavaScript the place to like it and to take that back.
#[component]
pub fn LikePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let (slug, id) = (slug_param(), update_param());
    Suspend::new(async move {
        let newsroom = newsroom();
        let found = async {
            let (slug, id) = (slug?, id?);
            let voter = PersonId::of(request.caller.as_ref(), request.guest.as_ref());
            let liked = newsroom.like(&slug, id, voter.as_ref()).await?;
            match newsroom.update_page(&slug, id).await? {
                UpdatePage::Shown(shown) => Ok((liked, shown)),
                UpdatePage::Removed(_) => Err(Error::NotFound("update")),
            }
        };
        let page = found.await.map(|(liked, shown)| {
            let entry = shown.entry;
            let card = newsroom.cards().card(&entry, &shown.update).to_string();
            let entry_path = format!("/entries/{}", entry.slug);
            let update_path = format!("{entry_path}/updates/{id}", id = liked.id);
            let audience = match request.caller {
                Some(caller) => Audience::Member(caller),
                None => Audience::Guest,
            };
            view! {
                <PageLayout
                    title=format!("Likes · {}", isolated(entry.title.as_str()))
                    audience
                    language=Some(entry.language.clone())
                >
                    <h1 lang=ENGLISH>{count(liked.likes)}</h1>
                    <div class="one-update" inner_html=card></div>
                    <LikeForm update_path liked=liked.liked />
                    <p>
                        <a class="button" href=format!("{entry_path}#update-{}", liked.id) lang=ENGLISH>
                            "Read in live blog"
                        </a>
                    </p>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// Returns a number of likes, as a heading.
fn count(likes: i64) -> String {
    match likes {
        0 => "No likes yet".to_owned(),
        1 => "1 like".to_owned(),
        likes => format!("{likes} likes"),
    }
}
