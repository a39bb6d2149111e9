//! The page to edit an entry's details.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{conflict_details::ConflictDetails, entry_fields::EntryFields};
use crate::{
    isolate::isolated,
    layout::{Audience, FormError, HiddenField, OperationIdField, PageLayout, page_or_error},
    params::slug_param,
    request::{PageRequest, newsroom},
};

/// A form for an entry's title, slug, summary, article, time zone, language, default order and
/// chat.
#[component]
pub fn EntryEditPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let slug = slug_param();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let (entry, article) = newsroom().entry_and_article(&caller, &slug?).await?;
            let chat = newsroom().chat(&caller, entry.id).await?;
            Ok((caller, entry, article, chat))
        };
        let page = found.await.map(|(caller, entry, article, chat)| {
            let action = format!("/desk/entries/{}/edit", entry.slug);
            let conflict = request.submitted.and_then(|form| form.conflict.clone());
            let base = entry.article_base().to_string();
            view! {
                <PageLayout
                    title=format!("Edit details · {}", isolated(entry.title.as_str()))
                    audience=Audience::Member(caller)
                >
                    <p class="from-entry">
                        <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </p>
                    <h1>"Edit details"</h1>
                    <FormError />
                    {conflict
                        .map(|conflict| {
                            let entry = entry.clone();
                            view! {
                                <ConflictDetails conflict=*conflict label="Current article" entry />
                            }
                        })}
                    <form method="post" action=action>
                        <OperationIdField />
                        <HiddenField name="base" value=base />
                        <EntryFields entry article chat />
                        <button class="button primary" type="submit">
                            "Save changes"
                        </button>
                    </form>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
