//! Texts that were not posted, and that no open page is editing: of closed tabs, and those that the
//! author set aside.

use leptos::{prelude::*, reactive::spawn_local};

use super::{
    discard_button::DiscardButton,
    outbox::list::excerpt,
    storage::texts::{Purpose, StoredText},
    text_state::TextState,
};

/// The list of unposted texts.
#[component]
pub fn OtherTexts(
    state: TextState,
    /// Called with an edit that the author wants to continue.
    on_edit: Callback<StoredText>,
) -> impl IntoView {
    view! {
        <section
            class="other-texts"
            aria-label="Unposted texts"
            hidden=move || state.others.with(Vec::is_empty)
        >
            <h2>"Unposted texts"</h2>
            <ul>
                {move || {
                    let texts = state.others.get().into_iter();
                    texts.map(|text| view! { <OtherText text state on_edit /> }).collect_view()
                }}
            </ul>
        </section>
    }
}

#[component]
fn OtherText(text: StoredText, state: TextState, on_edit: Callback<StoredText>) -> impl IntoView {
    let for_open = text.clone();
    let id = StoredValue::new(text.id.clone());
    let note = text.purpose.note();
    view! {
        <li>
            <p class="outbox-text" dir="auto">{excerpt(&text.text)}</p>
            <p class="outbox-state" hidden=note.is_none()>
                {note}
            </p>
            <div class="outbox-actions">
                <button
                    class="button"
                    type="button"
                    on:click=move |_| {
                        let text = for_open.clone();
                        if text.purpose != Purpose::Post {
                            on_edit.run(text);
                            return;
                        }
                        spawn_local(async move {
                            state.open(text).await;
                            state.fields.focus();
                        });
                    }
                >
                    "Continue"
                </button>
                <DiscardButton on_discard=move || {
                    spawn_local(state.discard(id.get_value()));
                    // Otherwise the focus would be at the button of the next text.
                    state.fields.focus();
                } />
            </div>
        </li>
    }
}
