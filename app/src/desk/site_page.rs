//! The page on which owners change the site.

use domain::DeletedMessages;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Audience, Done, FormError, PageLayout, SelectField, page_or_error},
    request::{PageRequest, newsroom},
};

/// The form with the site's settings.
#[component]
pub fn DeskSitePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let done = use_query_map().with(|query| query.get("done").is_some());
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let settings = newsroom().site_settings(&caller).await?;
            Ok((caller, settings))
        };
        let page = found.await.map(|(caller, settings)| {
            let names = vec![("false", "Username"), ("true", "Display name, if there is one")];
            let sign_up = vec![
                ("false", "People with an invitation"),
                ("true", "Everybody, with the role reader"),
            ];
            let messages = vec![
                (DeletedMessages::Anonymize.as_str(), "Stay, without the name"),
                (DeletedMessages::Remove.as_str(), "Are removed"),
            ];
            let done = (done && request.submitted.is_none()).then_some(
                "Saved. If other names are shown now, they change within seconds, in open pages too.",
            );
            let switch = |on| if on { "true" } else { "false" };
            view! {
                <PageLayout title="Site · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                    <h1>"Site"</h1>
                    <FormError />
                    <Done sentence=done />
                    <section class="panel">
                        <form method="post" action="/desk/site">
                            <SelectField
                                name="display_names"
                                label="Name below updates"
                                options=names
                                value=switch(settings.display_names)
                            />
                            <SelectField
                                name="open_sign_up"
                                label="Who can create an account"
                                options=sign_up
                                value=switch(settings.open_sign_up)
                            />
                            <SelectField
                                name="deleted_messages"
                                label="Messages of deleted accounts"
                                options=messages
                                value=settings.deleted_messages.as_str()
                            />
                            <button class="button primary" type="submit">
                                "Save"
                            </button>
                        </form>
                    </section>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
