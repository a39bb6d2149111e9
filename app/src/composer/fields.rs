//! The fields of an editor: the text and the headline.

use leptos::{html, prelude::*, web_sys::HtmlElement};

use super::long_text::adapt;

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
    /// Whether it is an article, which has no headline.
    pub is_article: RwSignal<bool>,
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

    /// Keeps the text box up to date with `source`.
    ///
    /// A text that the box has already is not written into it. A keyboard may type the two halves
    /// of a character one after the other. In between, `source` has the replacement character,
    /// which must not replace the first half.
    pub fn show_source(self) {
        Effect::new(move || {
            let source = self.source.get();
            if let Some(text_box) = self.text_box.get()
                && text_box.value() != source
            {
                adapt(&text_box, &source);
                text_box.set_value(&source);
            }
        });
    }

    /// Keeps the headline's field up to date with `headline`, as [`Fields::show_source`] does.
    pub fn show_headline(self) {
        Effect::new(move || {
            let headline = self.headline.get();
            if let Some(field) = self.headline_box.get()
                && field.value() != headline
            {
                field.set_value(&headline);
            }
        });
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

/// Returns the entry's language, which is the document's. The editor's own words are English.
pub fn language() -> Option<String> {
    document().document_element()?.get_attribute("lang")
}
