//! The page to edit an update at.

use domain::UpdateId;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_params_map;
use newsroom::Error;

use crate::{
    isolate::isolated,
    layout::{Field, FormError, Frame, LongField, NoEnter, OperationId, Place, or_error},
    request::{PageRequest, newsroom},
};

/// An update's text, to be changed.
#[component]
pub fn EditPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let id = use_params_map().with(|params| params.get("id").unwrap_or_default());
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let id: UpdateId = id.parse().map_err(|_| Error::NotFound("update"))?;
            let (entry, update) = newsroom().editable_update(&caller, id).await?;
            Ok((caller, entry, update))
        };
        let page = found.await.map(|(caller, entry, update)| {
            let headline = update.headline.map(|line| line.to_string());
            view! {
                <Frame
                    title=format!("Edit · {}", isolated(entry.title.as_str()))
                    place=Place::Personal(caller)
                >
                    <p class="from-entry">
                        <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </p>
                    <h1>"Edit update"</h1>
                    <FormError />
                    <form method="post" action=format!("/desk/updates/{}", update.id)>
                        <NoEnter />
                        <OperationId />
                        <LongField
                            name="source"
                            label="Update"
                            value=update.source
                            rows=8
                            required=true
                            autofocus=true
                            language=Some(entry.language.clone())
                        />
                        <Field
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
                </Frame>
            }
        });
        or_error(&response, page)
    })
}
