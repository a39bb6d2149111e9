//! The page to create the first owner. Its address contains the token that the server printed.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::new_account_form::{AUTHOR_HINT, NewAccountForm};
use crate::{
    layout::{Audience, PageLayout},
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
                <NewAccountForm
                    action="/setup"
                    hint=AUTHOR_HINT
                    button="Create owner account"
                    token
                />
            </div>
        </PageLayout>
    }
}
