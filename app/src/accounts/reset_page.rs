//! The page of a link with which an account gets a new password.

use domain::Password;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_params_map;
use newsroom::Secret;

use super::hidden_username::HiddenUsername;
use crate::{
    isolate::isolated,
    layout::{Audience, FormError, PageLayout, TextField, page_or_error},
    request::newsroom,
};

/// The form for the new password.
#[component]
pub fn ResetPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let token = use_params_map().with(|params| params.get("token").unwrap_or_default());
    Suspend::new(async move {
        let account = newsroom()
            .account_to_reset(&Secret::from_presented(&token))
            .await;
        let page = account.map(|account| {
            let name = isolated(account.username.as_str());
            let whose = format!("Choose a new password for the account {name}.");
            view! {
                <PageLayout title="New password · Ringside" audience=Audience::Guest>
                    <div class="form-page">
                        <h1>"Choose a new password"</h1>
                        <p>{whose}</p>
                        <FormError />
                        <form method="post" action=format!("/reset/{token}")>
                            <HiddenUsername username=account.username />
                            <TextField
                                name="password"
                                label="New password"
                                kind="password"
                                autocomplete="new-password"
                                hint=format!(
                                    "At least {} characters. All sessions of the account end.",
                                    Password::MIN,
                                )
                                autofocus=true
                            />
                            <button class="button primary" type="submit">
                                "Save password"
                            </button>
                        </form>
                    </div>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
