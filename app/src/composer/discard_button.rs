//! The button that discards a text, at the second click.

use leptos::prelude::*;

/// A button that changes its label at the first click, and discards at the second.
#[component]
pub fn DiscardButton(
    /// Called when the author has confirmed it.
    on_discard: impl Fn() + 'static,
) -> impl IntoView {
    let confirms = RwSignal::new(false);
    let on_click = move |_| {
        if confirms.get_untracked() {
            on_discard();
        } else {
            confirms.set(true);
        }
    };
    view! {
        <button class="button" type="button" on:click=on_click>
            {move || if confirms.get() { "Discard for good" } else { "Discard" }}
        </button>
    }
}
