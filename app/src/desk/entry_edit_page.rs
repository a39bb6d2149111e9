//! The page to change an entry at.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_params_map;

use super::{desk_entry, entry_fields::EntryFields};
use crate::{
    isolate::isolated,
    layout::{FormError, Frame, OperationId, Place, or_error},
    request::PageRequest,
};

/// An entry's title, summary, address, zone, language and order, to be changed.
#[component]
pub fn EntryEditPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let slug = use_params_map().with(|params| params.get("slug").unwrap_or_default());
    Suspend::new(async move {
        let found = desk_entry(&request, &slug).await;
        let page = found.map(|(caller, page)| {
            let entry = page.entry;
            let action = format!("/desk/entries/{}/edit", entry.slug);
            view! {
                <Frame
                    title=format!("Edit details · {}", isolated(entry.title.as_str()))
                    place=Place::Personal(caller)
                >
                    <p class="from-entry">
                        <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                            {entry.title.to_string()}
                        </a>
                    </p>
                    <h1>"Edit details"</h1>
                    <FormError />
                    <form method="post" action=action>
                        <OperationId />
                        <EntryFields entry=entry />
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
