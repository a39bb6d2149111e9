//! The island that loads the composer for authors. Readers load none of the composer's code.

use leptos::{prelude::*, web_sys::HtmlElement};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::form::mount_composer;

/// The id of the composer's container.
const HOST: &str = "composer-host";

/// The reason why an author gets no composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The composer's code, or the caller's account, could not be fetched.
    Unreachable,
    /// The session has expired.
    SessionExpired,
}

impl LoadError {
    /// Returns the id of the hidden paragraph with the error message.
    const fn message_id(self) -> &'static str {
        match self {
            Self::Unreachable => "composer-unreachable",
            Self::SessionExpired => "composer-logged-out",
        }
    }

    /// Shows the error message.
    pub fn show(self) {
        if let Some(message) = document().get_element_by_id(self.message_id()) {
            // If it isn't hidden, nothing has to be done.
            let _ = message.remove_attribute("hidden");
        }
    }
}

/// The container of the composer, which is loaded if somebody is logged in. Every reader's page
/// contains this island, so it uses no signals (docs/adr/0011).
#[island]
pub fn ComposerLoader() -> impl IntoView {
    if cfg!(not(feature = "ssr")) {
        load_composer();
    }
    markup()
}

/// Renders nothing: in the browser the markup exists already (docs/adr/0018).
#[cfg(not(feature = "ssr"))]
const fn markup() -> [(); 0] {
    []
}

#[cfg(feature = "ssr")]
fn markup() -> impl IntoView {
    view! {
        <div id=HOST class="composer-host"></div>
        <p id=LoadError::SessionExpired.message_id() class="form-error" role="alert" lang="en" hidden>
            "Your session has expired. Your text is kept in this browser. "
            <a href="/login">"Log in"</a>
        </p>
        <p id=LoadError::Unreachable.message_id() class="form-error" role="alert" lang="en" hidden>
            "The composer could not be loaded. The server can't be reached or is newer than this page. "
            <a href="">"Reload the page"</a>
        </p>
    }
}

/// Loads the composer if somebody is logged in, according to a cookie that is set at login and
/// contains no secret. The server decides who may post. The entry's slug and number are in the
/// list's `data-` attributes.
fn load_composer() {
    let is_author = document()
        .document_element()
        .is_some_and(|root| root.class_list().contains("author"));
    let host = document()
        .get_element_by_id(HOST)
        .and_then(|host| host.dyn_into::<HtmlElement>().ok());
    let list = document().get_element_by_id("live-updates");
    let data = |name| list.as_ref()?.get_attribute(name);
    let (slug, entry) = (data("data-slug"), data("data-entry-id"));
    if let (true, Some(host), Some(slug), Some(entry)) = (is_author, host, slug, entry) {
        spawn_local(async move {
            if mount_composer(host, slug, entry).await.is_err() {
                LoadError::Unreachable.show();
            }
        });
    }
}
