//! The page to log in.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Audience, FormError, PageLayout, TextField},
    request::PageRequest,
};

/// A form for the username and the password. `next` is the path to redirect to afterwards.
#[component]
pub fn LoginPage() -> impl IntoView {
    let next = match PageRequest::current().submitted_value("next") {
        next if next.is_empty() => {
            use_query_map().with(|query| query.get("next").unwrap_or_default())
        }
        next => next,
    };
    view! {
        <PageLayout title="Log in · Ringside" audience=Audience::Guest>
            <div class="form-page">
                <h1>"Log in"</h1>
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
            </div>
        </PageLayout>
    }
}
