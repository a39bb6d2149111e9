//! What a form has done.

use leptos::prelude::*;

/// A sentence about what a form of this page has done, if there is one.
#[component]
pub fn Done<Sentence: IntoView + 'static>(sentence: Option<Sentence>) -> impl IntoView {
    sentence.map(|sentence| {
        view! {
            <p class="done" role="status">
                {sentence}
            </p>
        }
    })
}
