//! The bar of a page that does not update automatically.

use leptos::prelude::*;

use super::ENGLISH;

/// The id of the bar's sentence. The script that hydrates the islands copies the sentence into the
/// connection status.
pub const STATIC_NOTE_ID: &str = "static-note";

/// The bar shown instead of the live bar where scripts do not run, or where the islands' code is
/// not available: a sentence, a link to refresh the page, and further links.
#[component]
pub fn StaticBar(
    /// The page's own URL.
    #[prop(into)]
    url: String,
    /// Further links.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="feed-bar if-static" lang=ENGLISH>
            <p id=STATIC_NOTE_ID class="static-note">
                "This page does not update automatically."
            </p>
            <a class="button" href=url>
                "Refresh"
            </a>
            {children.map(|children| children())}
        </div>
    }
}
