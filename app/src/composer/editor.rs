//! A text box for Live Markdown, with a toolbar, shortcuts, a headline and a preview. The composer
//! and the dialog to edit an update share it.

use leptos::{
    html,
    prelude::*,
    web_sys::{ClipboardEvent, EventTarget, HtmlElement, KeyboardEvent},
};

use super::{
    ime::Composition,
    preview::PreviewPane,
    toolbar::{Toolbar, apply_format, paste, shortcut},
};

/// The fields of an editor.
#[derive(Clone, Copy, Default)]
pub struct Fields {
    /// The text, as Markdown.
    pub source: RwSignal<String>,
    /// The headline.
    pub headline: RwSignal<String>,
    /// Whether the headline's field is shown.
    pub with_headline: RwSignal<bool>,
    /// The text box.
    pub text_box: NodeRef<html::Textarea>,
    /// The headline's field.
    pub headline_box: NodeRef<html::Input>,
}

impl Fields {
    /// Shows other values.
    pub fn show(self, source: String, headline: String) {
        if headline.is_empty() && self.with_headline.get_untracked() {
            let active = document().active_element();
            let field = self.headline_box.get_untracked();
            let had_focus = field.is_some_and(|field| active.as_ref() == Some(field.as_ref()));
            if had_focus {
                // The field is removed, and the focus must not be lost with it.
                self.focus();
            }
        }
        self.with_headline.set(!headline.is_empty());
        self.source.set(source);
        self.headline.set(headline);
        self.fit();
    }

    /// Moves the focus to the text box.
    pub fn focus(self) {
        focus(self.text_box.get_untracked());
    }

    /// Makes the text box as high as its text, in browsers without `field-sizing`.
    pub fn fit(self) {
        if leptos::web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(true) {
            return;
        }
        request_animation_frame(move || {
            if let Some(Some(text_box)) = self.text_box.try_get_untracked() {
                let style = HtmlElement::style(&text_box);
                // Can't fail: the property and the values are valid. The stylesheet limits it.
                let _ = style.set_property("height", "auto");
                let height = text_box.scroll_height() + 2;
                let _ = style.set_property("height", &format!("{height}px"));
            }
        });
    }
}

/// Moves the focus to a field, if it exists.
pub fn focus(field: Option<impl AsRef<HtmlElement>>) {
    if let Some(field) = field {
        // Can't fail: the field is in the page.
        let _ = field.as_ref().focus();
    }
}

/// The editor. Its form handles the button that submits it.
#[component]
pub fn Editor(
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
    /// What the empty text box says.
    #[prop(optional)]
    placeholder: &'static str,
    /// Further controls, after the toolbar's buttons.
    children: Children,
) -> impl IntoView {
    let Fields {
        with_headline,
        text_box,
        headline_box,
        ..
    } = fields;
    let composition = Composition::default();
    let ended_composition = composition.clone();
    let on_key = move |event: KeyboardEvent| {
        if composition.handles(&event) {
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
    view! {
        <div
            class="editor"
            on:keydown=on_key
            on:compositionend=move |_| ended_composition.end()
        >
            <Show when=move || with_headline.get()>
                <HeadlineField id=format!("{prefix}-headline") fields on_change />
            </Show>
            <Toolbar fields controls=format!("{prefix}-text") />
            <TextField id=format!("{prefix}-text") label placeholder fields on_change />
            <div class="editor-actions">
                {children()}
                <button
                    class="link"
                    type="button"
                    aria-expanded=move || shows_preview.get().to_string()
                    on:click=move |_| shows_preview.update(|shown| *shown = !*shown)
                >
                    "Preview"
                </button>
                <Show when=move || !with_headline.get()>
                    <button
                        class="link"
                        type="button"
                        on:click=move |_| {
                            with_headline.set(true);
                            // In the next frame the field exists, and the button is gone.
                            request_animation_frame(move || focus(headline_box.get_untracked()));
                        }
                    >
                        "Add headline"
                    </button>
                </Show>
            </div>
            <Show when=move || shows_preview.get()>
                <PreviewPane fields />
            </Show>
        </div>
    }
}

#[component]
fn HeadlineField(id: String, fields: Fields, on_change: Callback<()>) -> impl IntoView {
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
                prop:value=fields.headline
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
                prop:value=fields.source
                on:paste=on_paste
                on:input:target=move |event| {
                    fields.source.set(event.target().value());
                    fields.fit();
                    on_change.run(());
                }
            ></textarea>
        </div>
    }
}

/// Returns the entry's language, which is the document's. The editor's own words are English.
pub fn language() -> Option<String> {
    document().document_element()?.get_attribute("lang")
}

/// Returns whether a key was pressed in `field`.
fn is_target(event: &KeyboardEvent, field: Option<&impl AsRef<EventTarget>>) -> bool {
    event.target().as_ref() == field.map(AsRef::as_ref)
}
