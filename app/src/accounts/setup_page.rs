//! The page to create the first owner. Its address contains the token that the server printed.

use domain::Password;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Audience, FormError, PageLayout, TextField},
    request::PageRequest,
};

/// A form for the owner's username and password.
#[component]
pub fn SetupPage() -> impl IntoView {
    let token = match PageRequest::current().submitted_value("token") {
        token if token.is_empty() => {
            use_query_map().with(|query| query.get("token").unwrap_or_default())
        }
        token => token,
    };
    view! {
        <PageLayout title="Set up Ringside" audience=Audience::Guest>
            <div class="form-page">
                <h1>"Welcome to Ringside"</h1>
                <p>"Choose a username and a password for the owner account."</p>
                <FormError />
                <form method="post" action="/setup">
                    <input type="hidden" name="token" value=token />
                    <TextField
                        name="username"
                        label="Username"
                        autocomplete="username"
                        hint="Readers see it below your updates."
                        autofocus=true
                    />
                    <TextField
                        name="password"
                        label="Password"
                        kind="password"
                        autocomplete="new-password"
                        hint=format!("At least {} characters.", Password::MIN)
                    />
                    <button class="button primary" type="submit">
                        "Create owner account"
                    </button>
                </form>
            </div>
        </PageLayout>
    }
}
