//! The page on which an account is deleted by its holder.

use domain::DeletedMessages;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::hidden_username::HiddenUsername;
use crate::{
    layout::{Audience, FormError, PageLayout, TextField, page_or_error},
    request::{PageRequest, newsroom},
};

/// What a deletion does, and the form that confirms it with the password.
#[component]
pub fn DeleteAccountPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let messages = newsroom().deleted_messages().await?;
            Ok((caller, messages))
        };
        let page = found.await.map(|(caller, messages)| {
            let messages = match messages {
                DeletedMessages::Anonymize => {
                    "Your messages in rooms stay, with the name \"Deleted account\"."
                }
                DeletedMessages::Remove => "Your messages in rooms are removed for everybody.",
            };
            let updates = caller.role.may_post().then(|| {
                view! {
                    <li>
                        "Your updates stay, with your username below them. To remove some, delete them first."
                    </li>
                }
            });
            let username = caller.username.clone();
            view! {
                <PageLayout title="Delete account · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/account">"Your account"</a>
                    </p>
                    <h1>"Delete your account"</h1>
                    <p>"This can't be undone:"</p>
                    <ul class="consequences">
                        <li>"You are logged out everywhere, and can't log in again."</li>
                        <li>"Your display name, password, drafts and tokens are deleted."</li>
                        <li>{messages}</li>
                        {updates}
                    </ul>
                    <section class="panel">
                        <FormError />
                        <form method="post" action="/account/delete">
                            <HiddenUsername username />
                            <TextField
                                name="current_password"
                                label="Current password"
                                kind="password"
                                autocomplete="current-password"
                            />
                            <button class="button" type="submit">
                                "Delete account"
                            </button>
                        </form>
                    </section>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
