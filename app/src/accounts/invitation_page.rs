//! The page of an invitation: the form for the account of its role.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_params_map;
use newsroom::Secret;

use super::new_account_form::{AUTHOR_HINT, NewAccountForm, READER_HINT};
use crate::{
    isolate::isolated,
    layout::{Audience, PageLayout, page_or_error},
    request::{PageRequest, newsroom},
};

/// The form for the account that an invitation creates.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let token = use_params_map().with(|params| params.get("token").unwrap_or_default());
    Suspend::new(async move {
        let role = newsroom()
            .invited_role(&Secret::from_presented(&token))
            .await;
        let page = role.map(|role| {
            let what = if role.may_post() {
                format!("You are invited to write here, with the role {role}.")
            } else {
                "You are invited to create an account for reading and chatting.".to_owned()
            };
            let other = request.caller.map(|caller| {
                let name = isolated(caller.username.as_str());
                let note = format!(
                    "You are logged in as {name}. If you create another account, you are logged in to that one instead."
                );
                view! { <p class="hint">{note}</p> }
            });
            let hint = if role.may_post() { AUTHOR_HINT } else { READER_HINT };
            view! {
                <PageLayout title="Invitation · Ringside" audience=Audience::Guest>
                    <div class="form-page">
                        <h1>"Create your account"</h1>
                        <p>{what} " Choose a username and a password."</p>
                        {other}
                        <NewAccountForm
                            action=format!("/invite/{token}")
                            hint=hint
                            button="Create account"
                        />
                    </div>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
