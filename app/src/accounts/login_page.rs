//! The page to log in at.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    layout::{Field, FormError, Frame, Place},
    request::PageRequest,
};

/// Username, password, and where to go from there (`next`, a path).
#[component]
pub fn LoginPage() -> impl IntoView {
    let next = match PageRequest::current().typed("next") {
        next if next.is_empty() => {
            use_query_map().with(|query| query.get("next").unwrap_or_default())
        }
        next => next,
    };
    view! {
        <Frame title="Log in · Ringside" place=Place::Door>
            <div class="door">
                <h1>"Log in"</h1>
                <FormError />
                <form method="post" action="/login">
                    <input type="hidden" name="next" value=next />
                    <Field
                        name="username"
                        label="Username"
                        autocomplete="username"
                        autofocus=true
                    />
                    <Field
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
        </Frame>
    }
}
