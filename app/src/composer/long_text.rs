//! Very long texts in a text box, so that the page stays usable when somebody pastes a book.
//!
//! Chromium takes time quadratic in the number of lines to find the direction of a text box with
//! `dir="auto"` (80,000 lines: half a minute), and lays out the whole text again for each character
//! if the box grows with it (`field-sizing`). A long text gets a fixed direction and a box of a
//! fixed height.

use leptos::{
    prelude::document,
    web_sys::{HtmlElement, HtmlTextAreaElement, InputEvent},
};
use wasm_bindgen::JsCast;

/// The length from which a text is long, in bytes: the longest update has at most twice as many.
const MIN_BYTES: usize = 100_000;
/// The number of lines from which a text is long: below, the direction is found within
/// milliseconds.
const MIN_LINES: usize = 2_000;
/// The class of a text box with a long text.
const LONG: &str = "long";
/// How much of a text determines its direction, in characters.
const BEGINNING: usize = 1_000;

/// Adapts a text box to a text that it is about to get, or has.
pub fn adapt(text_box: &HtmlTextAreaElement, text: &str) {
    let is_long = is_long(text);
    if is_long == text_box.class_list().contains(LONG) {
        return;
    }
    text_box.set_dir(if is_long { direction(text) } else { "auto" });
    // Can't fail: the class is one word.
    let _ = text_box.class_list().toggle_with_force(LONG, is_long);
}

/// Adapts a text box to a text that is about to be inserted, by a paste for example.
pub fn adapt_to_input(event: &InputEvent) {
    let target = event.target();
    let text_box = target.and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok());
    if let (Some(text_box), Some(inserted)) = (text_box, event.data())
        && inserted.len() > 1
    {
        let text = [text_box.value(), inserted].concat();
        if is_long(&text) {
            adapt(&text_box, &text);
        }
    }
}

fn is_long(text: &str) -> bool {
    text.len() >= MIN_BYTES || text.bytes().filter(|byte| *byte == b'\n').count() >= MIN_LINES
}

/// Returns the direction that `dir="auto"` gives to a text.
fn direction(text: &str) -> &'static str {
    let element = document().create_element("textarea").ok();
    let Some(probe) = element.and_then(|it| it.dyn_into::<HtmlElement>().ok()) else {
        return "ltr";
    };
    probe.set_dir("auto");
    let beginning = text.trim_start().chars().take(BEGINNING);
    probe.set_text_content(Some(&beginning.collect::<String>()));
    match probe.matches(":dir(rtl)") {
        Ok(true) => "rtl",
        _ => "ltr",
    }
}
