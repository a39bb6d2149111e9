//! The hidden field that connects a password with an account.

use domain::Username;
use leptos::prelude::*;

/// A hidden field with the username: password managers fill in, and store, the password of a form
/// under this name.
#[component]
pub fn HiddenUsername(username: Username) -> impl IntoView {
    view! {
        <input
            type="text"
            name="username"
            autocomplete="username"
            value=String::from(username)
            readonly
            hidden
        />
    }
}
