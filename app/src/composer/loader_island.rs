//! The island that loads the composer for authors. Readers load none of the composer's code.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::load_error::LoadError;
#[cfg(feature = "hydrate")]
use super::loading::load_composer;

/// The id of the composer's container.
const HOST: &str = "composer-host";

/// The container of the composer, which is loaded if somebody is logged in. Every reader's page
/// contains this island, so it uses no signals (docs/adr/0011).
#[island]
pub fn ComposerLoader() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    load_composer(HOST);
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
