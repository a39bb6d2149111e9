//! The island that fetches the composer, for those who can post; readers load none of its code.

use leptos::{prelude::*, web_sys::HtmlElement};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::form::mount_composer;

/// Where the composer will stand.
const HOST: &str = "composer-host";

/// Why there is no composer where somebody is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Its code, or the answer to who is logged in, can't be had.
    Unreachable,
    /// The session is over.
    Session,
}

impl Missing {
    /// The sentence that says so; it stands in the page, hidden.
    const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "composer-unreachable",
            Self::Session => "composer-logged-out",
        }
    }

    /// Says so on the page.
    pub fn say(self) {
        if let Some(sentence) = document().get_element_by_id(self.sentence()) {
            // Where it isn't hidden, it is said already.
            let _ = sentence.remove_attribute("hidden");
        }
    }
}

/// Where the composer will stand, if somebody is logged in here. Every reader's page carries this
/// island, so it is nothing but markup, and holds no signal (docs/adr/0011).
#[island]
pub fn ComposerGate() -> impl IntoView {
    if cfg!(not(feature = "ssr")) {
        fetch_composer();
    }
    gate()
}

/// In the browser the gate is there (docs/adr/0018).
#[cfg(not(feature = "ssr"))]
const fn gate() -> [(); 0] {
    []
}

#[cfg(feature = "ssr")]
fn gate() -> impl IntoView {
    view! {
        <div id=HOST class="composer-host"></div>
        <p id=Missing::Session.sentence() class="form-error" role="alert" lang="en" hidden>
            "Your session has expired. Your text is kept in this browser. "
            <a href="/login">"Log in"</a>
        </p>
        <p id=Missing::Unreachable.sentence() class="form-error" role="alert" lang="en" hidden>
            "The composer could not be loaded. The server can't be reached or is newer than this page. "
            <a href="">"Reload the page"</a>
        </p>
    }
}

/// Fetches the composer if somebody is logged in here: so says a hint that is set at login and holds
/// nothing secret. The server decides who may post. The list's `data-` attributes name the
/// entry.
fn fetch_composer() {
    let is_author = document()
        .document_element()
        .is_some_and(|root| root.class_list().contains("author"));
    let host = document()
        .get_element_by_id(HOST)
        .and_then(|host| host.dyn_into::<HtmlElement>().ok());
    let list = document().get_element_by_id("live-updates");
    let of_entry = |name| list.as_ref()?.get_attribute(name);
    let (slug, entry) = (of_entry("data-slug"), of_entry("data-entry-id"));
    if let (true, Some(host), Some(slug), Some(entry)) = (is_author, host, slug, entry) {
        spawn_local(async move {
            if mount_composer(host, slug, entry).await.is_err() {
                Missing::Unreachable.say();
            }
        });
    }
}
