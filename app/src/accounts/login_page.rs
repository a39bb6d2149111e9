//! The page to log in.

use leptos::{prelude::*, tachys::reactive_graph::OwnedView};
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Audience, Done, FormError, PageLayout, TextField},
    request::{PageRequest, newsroom},
};

/// A form for the username and the password. `next` is the path to redirect to afterwards.
#[component]
pub fn LoginPage() -> impl IntoView {
    let request = PageRequest::current();
    let (next, done) = use_query_map().with(|query| (query.get("next"), query.get("done")));
    let next = match request.submitted_value("next") {
        submitted if submitted.is_empty() => next.unwrap_or_default(),
        submitted => submitted,
    };
    let is_deleted = done.as_deref() == Some("deleted") && request.submitted.is_none();
    Suspend::new(async move {
        // Without an answer of the database, the page still has its form.
        let can_sign_up = newsroom().has_open_sign_up().await.unwrap_or(false);
        // See `page_or_error`.
        OwnedView::new(view! {
            <PageLayout title="Log in · Ringside" audience=Audience::Guest>
                <div class="form-page">
                    <h1>"Log in"</h1>
                    <Done sentence=is_deleted.then_some("Your account is deleted.") />
                    <FormError />
                    <form method="post" action="/login">
                        <input type="hidden" name="next" value=next />
                        <TextField
                            name="username"
                            label="Username"
                            autocomplete="username"
                            autofocus=true
                        />
                        <TextField
                            name="password"
                            label="Password"
                            kind="password"
                            autocomplete="current-password"
                        />
                        <button class="button primary" type="submit">
                            "Log in"
                        </button>
                    </form>
                    {can_sign_up
                        .then(|| {
                            view! {
                                <p class="hint">
                                    "No account yet? " <a href="/sign-up">"Create one"</a>
                                </p>
                            }
                        })}
                    <p class="hint">
                        "Forgot your password? Request a reset link from the owner of this site."
                    </p>
                </div>
            </PageLayout>
        })
    })
}
