//! What a page of a feed shows while it doesn't update by itself.

use leptos::prelude::*;

use super::ENGLISH;

/// The sentence that says so; the script that hydrates the islands copies it to where readers are told of
/// the connection.
pub const STATIC_NOTE_ID: &str = "static-note";

/// In the place of the live page's bar, where scripts don't run or the islands' code can't be had: a sentence,
/// the way to see what is new, and what else the page offers.
#[component]
pub fn StaticBar(
    /// The page's own address.
    #[prop(into)]
    here: String,
    /// Further links.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="feed-bar if-static" lang=ENGLISH>
            <p id=STATIC_NOTE_ID class="static-note">
                "This page does not update automatically."
            </p>
            <a class="button" href=here>
                "Refresh"
            </a>
            {children.map(|children| children())}
        </div>
    }
}
