//! The page to edit an update.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::EditableUpdate;

use super::conflict_details::ConflictDetails;
use crate::{
    isolate::isolated,
    layout::{
        Audience, DisabledDefaultButton, FormError, HiddenField, OperationIdField, PageLayout,
        TextArea, TextField, page_or_error,
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
            let base = editable.base(entry.epoch).to_string();
            let headline = editable.headline().to_owned();
            let EditableUpdate { update, source, .. } = editable;
            let conflict = request.submitted.and_then(|form| form.conflict.clone());
            let is_conflict = conflict.is_some();
            let desk_page = format!("/desk/entries/{}", entry.slug);
            let (label, save) = if is_conflict {
                ("Your text", "Save my text")
            } else {
                ("Update", "Save changes")
            };
            view! {
                <PageLayout
                    title=format!("Edit · {}", isolated(entry.title.as_str()))
                    audience=Audience::Member(caller)
                >
                    <p class="from-entry">
                        <a href=desk_page.clone() dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </p>
                    <h1>"Edit update"</h1>
                    <FormError />
                    {conflict
                        .map(|conflict| {
                            let entry = entry.clone();
                            view! {
                                <ConflictDetails conflict=*conflict label="Current update" entry />
                            }
                        })}
                    <form method="post" action=format!("/desk/updates/{}", update.id)>
                        <DisabledDefaultButton />
                        <OperationIdField />
                        <HiddenField name="base" value=base />
                        <TextArea
                            name="source"
                            label
                            value=source
                            rows=8
                            required=true
                            autofocus=true
                            language=Some(entry.language.clone())
                        />
                        <TextField
                            name="headline"
                            label="Headline (optional)"
                            value=headline
                            required=false
                            language=Some(entry.language.clone())
                        />
                        <div class="desk-actions">
                            <button class="button primary" type="submit">
                                {save}
                            </button>
                            {is_conflict
                                .then(|| {
                                    view! {
                                        <a class="button" href=desk_page>
                                            "Keep their text"
                                        </a>
                                    }
                                })}
                        </div>
                    </form>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
