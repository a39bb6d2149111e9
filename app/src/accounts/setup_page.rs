//! The page that makes the first owner; its address holds the token that the server printed.

use domain::Password;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Field, FormError, Frame, Place},
    request::PageRequest,
};

/// Choose a username and a password.
#[component]
pub fn SetupPage() -> impl IntoView {
    let token = match PageRequest::current().typed("token") {
        token if token.is_empty() => {
            use_query_map().with(|query| query.get("token").unwrap_or_default())
        }
        token => token,
    };
    view! {
        <Frame title="Set up Ringside" place=Place::Door>
            <div class="door">
                <h1>"Welcome to Ringside"</h1>
                <p>"Choose a username and a password for the owner account."</p>
                <FormError />
                <form method="post" action="/setup">
                    <input type="hidden" name="token" value=token />
                    <Field
                        name="username"
                        label="Username"
                        autocomplete="username"
                        hint="Readers see it below your updates."
                        autofocus=true
                    />
                    <Field
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
        </Frame>
    }
}
