//! The form for a new account.

use domain::Password;
use leptos::prelude::*;

use crate::layout::{FormError, TextField};

/// The form for the username and the password of a new account. It submits to `action`.
#[component]
pub fn NewAccountForm(
    /// Where it submits to.
    #[prop(into)]
    action: String,
    /// A hint below the username.
    hint: &'static str,
    /// The label of its button.
    button: &'static str,
    /// The token of the set-up page.
    #[prop(optional)]
    token: Option<String>,
) -> impl IntoView {
    view! {
        <FormError />
        <form method="post" action=action>
            {token.map(|token| view! { <input type="hidden" name="token" value=token /> })}
            <TextField
                name="username"
                label="Username"
                autocomplete="username"
                hint=hint
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
                {button}
            </button>
        </form>
    }
}

/// The hint of an account whose role does not post.
pub const READER_HINT: &str = "Other readers see it beside your messages. Only letters, digits, dots, hyphens and underscores.";
/// The hint of an account whose role posts.
pub const AUTHOR_HINT: &str = "Readers see it below your updates.";
