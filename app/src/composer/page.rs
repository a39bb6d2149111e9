//! The composer as a page of its own. It posts without JavaScript, and is blank again afterwards.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;

use crate::{
    desk::{desk_entry, removed_content_note},
    entry::excerpt,
    isolate::isolated,
    layout::{
        Audience, DisabledDefaultButton, FormError, OperationIdField, PageLayout, TextArea,
        TextField, page_or_error,
    },
    params::slug_param,
    request::PageRequest,
};

/// The composer of an entry, with the entry's last update below it.
#[component]
pub fn ComposePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let slug = slug_param();
    let posted = use_query_map().with(|query| query.get("posted"));
    Suspend::new(async move {
        let found = desk_entry(&request, slug).await;
        let removed = match &posted {
            Some(id) => removed_content_note(&request, id).await,
            None => None,
        };
        let page = found.map(|(caller, page)| {
            let entry = page.entry;
            let language = Some(entry.language.clone());
            let last = page.updates.last().map(|update| excerpt(update, 140));
            view! {
                <PageLayout
                    title=format!("Post to {}", isolated(entry.title.as_str()))
                    audience=Audience::Member(caller)
                >
                    <h1>
                        "Post to "
                        <a href=format!("/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </h1>
                    {posted
                        .map(|id| {
                            view! {
                                <p class="done" role="status">
                                    "Posted. "
                                    <a href=format!("/entries/{}#update-{id}", entry.slug)>"View update"</a>
                                    {removed.map(|sentence| format!(" {sentence}"))}
                                </p>
                            }
                        })}
                    <FormError />
                    <form method="post" action=format!("/entries/{}/compose", entry.slug)>
                        <DisabledDefaultButton />
                        <OperationIdField />
                        <TextArea
                            name="source"
                            label="Update"
                            rows=6
                            required=true
                            autofocus=true
                            language=language.clone()
                        />
                        <TextField
                            name="headline"
                            label="Headline (optional)"
                            required=false
                            language=language.clone()
                        />
                        <button class="button primary" type="submit">
                            "Post"
                        </button>
                    </form>
                    {last
                        .map(|text| {
                            view! {
                                <p class="hint">
                                    "Last update: " <bdi lang=entry.language.to_string()>{text}</bdi>
                                </p>
                            }
                        })}
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
