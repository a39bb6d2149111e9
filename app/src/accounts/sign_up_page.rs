//! The page on which everybody may create an account, if the site offers that.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::new_account_form::{NewAccountForm, READER_HINT};
use crate::{
    layout::{Audience, PageLayout, page_or_error},
    request::newsroom,
};

/// The form for a reader's account.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    Suspend::new(async move {
        let page = newsroom().check_open_sign_up().await.map(|()| {
            view! {
                <PageLayout title="Create account · Ringside" audience=Audience::Guest>
                    <div class="form-page">
                        <h1>"Create account"</h1>
                        <p>
                            "With an account, you keep your name in every room and on every device. "
                            "Reading needs none."
                        </p>
                        <NewAccountForm
                            action="/sign-up"
                            hint=READER_HINT
                            button="Create account"
                        />
                        <p class="hint">
                            "You have an account? " <a href="/login">"Log in"</a>
                        </p>
                    </div>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
