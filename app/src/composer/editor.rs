//! A text box for Live Markdown, with a toolbar, shortcuts, a headline and a preview. The composer
//! and the dialog to edit updates and articles share it.

use leptos::{
    prelude::*,
    web_sys::{ClipboardEvent, EventTarget, KeyboardEvent},
};

use super::{
    fields::{Fields, focus, language},
    long_text::{adapt, adapt_to_input},
    preview::PreviewPane,
    toolbar::{Toolbar, apply_format, paste, shortcut},
};
use crate::input_method;

/// The editor. Its form handles the button that submits it.
#[component]
pub fn Editor<Buttons: IntoView + 'static, Options: IntoView + 'static>(
    /// What the ids of its elements begin with: two editors can be in one page.
    prefix: &'static str,
    /// The label of the text box.
    label: &'static str,
    /// The values.
    fields: Fields,
    /// Called after each change by the author.
    on_change: Callback<()>,
    /// Called for Ctrl+Enter and ⌘+Enter.
    on_submit: Callback<()>,
    /// The text in the empty text box.
    #[prop(optional)]
    placeholder: &'static str,
    /// Further controls, after the buttons.
    options: Options,
    /// The buttons that submit or cancel.
    children: TypedChildren<Buttons>,
) -> impl IntoView {
    let Fields {
        with_headline,
        is_article,
        text_box,
        headline_box,
        ..
    } = fields;
    let on_key = move |event: KeyboardEvent| {
        if input_method::handles(&event) {
            return;
        }
        if event.key() == "Enter" {
            if event.ctrl_key() || event.meta_key() {
                event.prevent_default();
                on_submit.run(());
            } else if is_target(&event, headline_box.get_untracked().as_deref()) {
                // Enter in the headline goes to the text: only Post and Ctrl+Enter publish.
                event.prevent_default();
                fields.focus();
            }
        } else if let Some(format) = shortcut(&event)
            && is_target(&event, text_box.get_untracked().as_deref())
        {
            event.prevent_default();
            apply_format(fields, format);
        }
    };
    let shows_preview = RwSignal::new(false);
    let wants_headline = StoredValue::new(false);
    view! {
        <div class="editor" on:keydown=on_key>
            {move || {
                with_headline
                    .get()
                    .then(|| {
                        view! {
                            <HeadlineField
                                id=format!("{prefix}-headline")
                                focused=wants_headline.try_update_value(std::mem::take)
                                    .unwrap_or_default()
                                fields
                                on_change
                            />
                        }
                    })
            }}
            <Toolbar fields controls=format!("{prefix}-text") />
            <TextField id=format!("{prefix}-text") label placeholder fields on_change />
            <div class="editor-actions">
                {children.into_inner()()}
                <button
                    class="link"
                    type="button"
                    aria-expanded=move || shows_preview.get().to_string()
                    on:click=move |_| shows_preview.update(|shown| *shown = !*shown)
                >
                    "Preview"
                </button>
                <button
                    class="link"
                    type="button"
                    hidden=move || with_headline.get() || is_article.get()
                    on:click=move |_| {
                        wants_headline.set_value(true);
                        with_headline.set(true);
                    }
                >
                    "Add headline"
                </button>
                {options}
            </div>
            {move || shows_preview.get().then(|| view! { <PreviewPane fields /> })}
        </div>
    }
}

#[component]
fn HeadlineField(
    id: String,
    /// Whether it takes the focus: before the next key, so that no typed character is lost.
    focused: bool,
    fields: Fields,
    on_change: Callback<()>,
) -> impl IntoView {
    fields.show_headline();
    if focused {
        Effect::new(move || focus(fields.headline_box.get()));
    }
    view! {
        <div class="field">
            <label for=id.clone()>"Headline"</label>
            <input
                id=id
                type="text"
                dir="auto"
                lang=language()
                autocomplete="off"
                enterkeyhint="next"
                node_ref=fields.headline_box
                on:input:target=move |event| {
                    fields.headline.set(event.target().value());
                    on_change.run(());
                }
            />
        </div>
    }
}

#[component]
fn TextField(
    id: String,
    label: &'static str,
    placeholder: &'static str,
    fields: Fields,
    on_change: Callback<()>,
) -> impl IntoView {
    let on_paste = move |event: ClipboardEvent| {
        let pasted = event.clipboard_data();
        let pasted = pasted.and_then(|data| data.get_data("text/plain").ok());
        if pasted.is_some_and(|pasted| paste(fields, &pasted)) {
            event.prevent_default();
        }
    };
    fields.show_source();
    Effect::new(move || {
        if fields.text_box.get().is_some() {
            fields.fit();
        }
    });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <textarea
                id=id
                rows="3"
                dir="auto"
                lang=language()
                placeholder=placeholder
                node_ref=fields.text_box
                on:paste=on_paste
                on:beforeinput=move |event| adapt_to_input(&event)
                on:input:target=move |event| {
                    let source = event.target().value();
                    adapt(&event.target(), &source);
                    fields.source.set(source);
                    fields.fit();
                    on_change.run(());
                }
            ></textarea>
        </div>
    }
}

/// Returns whether a key was pressed in `field`.
fn is_target(event: &KeyboardEvent, field: Option<&impl AsRef<EventTarget>>) -> bool {
    event.target().as_ref() == field.map(AsRef::as_ref)
}
