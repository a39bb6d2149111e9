//! The page on which owners change the site.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Audience, FormError, PageLayout, SelectField, page_or_error},
    request::{PageRequest, newsroom},
};

/// The form with the names that cards show.
#[component]
pub fn DeskSitePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let done = use_query_map().with(|query| query.get("done").is_some());
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let shown = newsroom().site_settings(&caller).await?;
            Ok((caller, shown))
        };
        let page = found.await.map(|(caller, shown)| {
            let options = vec![("false", "Username"), ("true", "Display name, if there is one")];
            view! {
                <PageLayout title="Site · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                    <h1>"Site"</h1>
                    <FormError />
                    {(done && request.submitted.is_none())
                        .then(|| {
                            view! {
                                <p class="done" role="status">
                                    "Saved. The names below updates change within seconds, in open pages too."
                                </p>
                            }
                        })}
                    <section class="panel">
                        <form method="post" action="/desk/site">
                            <SelectField
                                name="display_names"
                                label="Name below updates"
                                options
                                value=if shown { "true" } else { "false" }
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
