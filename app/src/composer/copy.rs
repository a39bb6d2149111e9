//! Copying to the clipboard.

use leptos::{
    prelude::document,
    web_sys::{HtmlDocument, HtmlElement, HtmlTextAreaElement},
};
use wasm_bindgen::JsCast;

/// Copies a text. Returns whether the browser did.
///
/// Selects it in a text box: the Clipboard API is missing on plain http.
pub fn copy_text(text: &str) -> bool {
    let document: HtmlDocument = document().unchecked_into();
    let Some(text_box) = document
        .create_element("textarea")
        .ok()
        .and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return false;
    };
    let previous = document.active_element();
    text_box.set_value(text);
    text_box.set_read_only(true);
    text_box.set_class_name("visually-hidden");
    // In a modal dialog, nothing outside of it can be selected.
    let dialog = document.query_selector("dialog[open]").ok().flatten();
    let Some(parent) = dialog.or_else(|| document.body().map(Into::into)) else {
        return false;
    };
    if parent.append_child(&text_box).is_err() {
        return false;
    }
    text_box.select();
    let copied = document.exec_command("copy").unwrap_or(false);
    text_box.remove();
    if let Some(previous) = previous.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        super::fields::focus(Some(previous));
    }
    copied
}
