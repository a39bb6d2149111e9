//! The page to edit an update.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::EditableUpdate;

use crate::{
    isolate::isolated,
    layout::{
        Audience, DisabledDefaultButton, FormError, OperationIdField, PageLayout, TextArea,
        TextField, page_or_error,
    },
    params::update_param,
    request::{PageRequest, newsroom},
};

/// A form for an update's text and headline.
#[component]
pub fn UpdateEditPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let id = update_param();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let (entry, editable) = newsroom().editable_update(&caller, id?).await?;
            Ok((caller, entry, editable))
        };
        let page = found.await.map(|(caller, entry, editable)| {
            let EditableUpdate { update, source, .. } = editable;
            let headline = update.headline.map(|headline| headline.to_string());
            view! {
                <PageLayout
                    title=format!("Edit · {}", isolated(entry.title.as_str()))
                    audience=Audience::Member(caller)
                >
                    <p class="from-entry">
                        <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </p>
                    <h1>"Edit update"</h1>
                    <FormError />
                    <form method="post" action=format!("/desk/updates/{}", update.id)>
                        <DisabledDefaultButton />
                        <OperationIdField />
                        <TextArea
                            name="source"
                            label="Update"
                            value=source
                            rows=8
                            required=true
                            autofocus=true
                            language=Some(entry.language.clone())
                        />
                        <TextField
                            name="headline"
                            label="Headline (optional)"
                            value=headline.unwrap_or_default()
                            required=false
                            language=Some(entry.language.clone())
                        />
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
