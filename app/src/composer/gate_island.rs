//! The island that fetches the composer, for those who can post; readers load none of its code.

use leptos::{prelude::*, reactive::spawn_local, web_sys::HtmlElement};

use super::form::{Missing, mount_composer};

/// Where the composer will stand, if somebody is logged in here. The list's `data-slug` names the
/// entry to post to.
#[island]
pub fn ComposerGate() -> impl IntoView {
    let host = NodeRef::<leptos::html::Div>::new();
    let (missing, set_missing) = signal(None::<Missing>);
    Effect::new(move || {
        // The hint is set at login and holds nothing secret; the server decides who may post.
        let is_author = document()
            .document_element()
            .is_some_and(|root| root.class_list().contains("author"));
        let slug = document()
            .get_element_by_id("live-updates")
            .and_then(|list| list.get_attribute("data-slug"));
        if let (true, Some(host), Some(slug)) = (is_author, host.get(), slug) {
            spawn_local(async move {
                let host: HtmlElement = host.into();
                if mount_composer(host, slug, set_missing).await.is_err() {
                    set_missing.set(Some(Missing::Unreachable));
                }
            });
        }
    });
    view! {
        <div class="composer-host" node_ref=host></div>
        <p class="complaint" role="alert" hidden=move || missing.get().is_none()>
            {move || match missing.get() {
                Some(Missing::LoggedOut) => {
                    "Your session has expired. What you typed is kept in this browser."
                }
                _ => {
                    "The composer could not be loaded: the server can't be reached, or is newer than this page."
                }
            }}
            " "
            <a href=move || match missing.get() {
                Some(Missing::LoggedOut) => "/login",
                _ => "",
            }>
                {move || match missing.get() {
                    Some(Missing::LoggedOut) => "Log in",
                    _ => "Reload the page",
                }}
            </a>
        </p>
    }
}
