//! The editor's toolbar and its shortcuts.

use std::rc::Rc;

use leptos::{
    ev, html,
    prelude::*,
    web_sys::{HtmlDocument, HtmlTextAreaElement, KeyboardEvent},
};
use wasm_bindgen::JsCast;

use super::{
    fields::{Fields, focus},
    formatting::{Format, Replacement, Selection, format, paste_link},
};

/// The buttons that format the selected text.
#[component]
pub fn Toolbar(
    fields: Fields,
    /// The id of the text box.
    controls: String,
) -> impl IntoView {
    // One button is in the tab order, and the arrow keys move between them (ARIA, toolbar pattern).
    let current = RwSignal::new(0_usize);
    let buttons: Rc<Vec<NodeRef<html::Button>>> =
        Rc::new(Format::ALL.iter().map(|_| NodeRef::new()).collect());
    let for_keys = Rc::clone(&buttons);
    let on_key = move |event: KeyboardEvent| {
        let last = Format::ALL.len() - 1;
        let at = current.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" if at == last => 0,
            "ArrowRight" => at + 1,
            "ArrowLeft" if at == 0 => last,
            "ArrowLeft" => at - 1,
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        current.set(next);
        focus(for_keys[next].get_untracked());
    };
    let buttons = Format::ALL
        .into_iter()
        .enumerate()
        .map(move |(at, format)| {
            let (name, shortcut, symbol) = label(format);
            view! {
                <button
                    type="button"
                    class=format!("format format-{}", name.to_ascii_lowercase())
                    node_ref=buttons[at]
                    aria-label=name
                    title=format!("{name} ({shortcut})")
                    tabindex=move || if current.get() == at { "0" } else { "-1" }
                    // The text box keeps the focus and its selection, and a phone keeps its
                    // keyboard.
                    on:pointerdown=move |event| event.prevent_default()
                    on:focus=move |_| current.set(at)
                    on:click=move |_| apply_format(fields, format)
                >
                    {symbol}
                </button>
            }
        });
    view! {
        <div class="editor-toolbar" role="toolbar" aria-label="Formatting" aria-controls=controls on:keydown=on_key>
            {buttons.collect_view()}
        </div>
    }
}

/// Returns the name, the shortcut and the symbol of a format.
const fn label(format: Format) -> (&'static str, &'static str, &'static str) {
    match format {
        Format::Bold => ("Bold", "Ctrl+B", "B"),
        Format::Italic => ("Italic", "Ctrl+I", "I"),
        Format::Link => ("Link", "Ctrl+K", "Link"),
        Format::Quote => ("Quote", "Ctrl+Shift+9", "“”"),
        Format::List => ("List", "Ctrl+Shift+8", "• •"),
        Format::Code => ("Code", "Ctrl+E", "</>"),
    }
}

/// Returns the format whose shortcut was pressed.
pub fn shortcut(event: &KeyboardEvent) -> Option<Format> {
    // AltGr is Ctrl+Alt on Windows, and types characters.
    if !(event.ctrl_key() || event.meta_key()) || event.alt_key() {
        return None;
    }
    // With Shift, a digit's key has another character on each keyboard.
    match (
        event.shift_key(),
        &*event.key().to_ascii_lowercase(),
        &*event.code(),
    ) {
        (false, "b", _) => Some(Format::Bold),
        (false, "i", _) => Some(Format::Italic),
        (false, "k", _) => Some(Format::Link),
        (false, "e", _) => Some(Format::Code),
        (true, _, "Digit9") => Some(Format::Quote),
        (true, _, "Digit8") => Some(Format::List),
        _ => None,
    }
}

/// Formats the selected text.
pub fn apply_format(fields: Fields, kind: Format) {
    if let Some(replacement) = with_selection(fields, |it| Some(format(it, kind))) {
        replace(fields, &replacement);
    }
}

/// Handles a text that is pasted: a URL over a selected text links it. Returns whether it was
/// handled.
pub fn paste(fields: Fields, pasted: &str) -> bool {
    let replacement = with_selection(fields, |it| paste_link(it, pasted));
    if let Some(replacement) = &replacement {
        replace(fields, replacement);
    }
    replacement.is_some()
}

/// Calls `change` with the selection in the text box.
fn with_selection(
    fields: Fields,
    change: impl FnOnce(&Selection) -> Option<Replacement>,
) -> Option<Replacement> {
    let text_box = fields.text_box.get_untracked()?;
    let text = text_box.value();
    let start = text_box.selection_start().ok()??;
    let end = text_box.selection_end().ok()??;
    change(&Selection {
        range: byte_at(&text, start)..byte_at(&text, end),
        text: &text,
    })
}

/// Replaces a part of the text as if it had been typed, so that the browser can undo it.
fn replace(fields: Fields, replacement: &Replacement) {
    let Some(text_box) = fields.text_box.get_untracked() else {
        return;
    };
    let text = text_box.value();
    let (start, end) = (
        unit_at(&text, replacement.range.start),
        unit_at(&text, replacement.range.end),
    );
    focus(Some(&text_box));
    select(&text_box, start, end);
    if !type_text(&replacement.with) {
        let replaced = text_box.set_range_text_with_start_and_end(&replacement.with, start, end);
        if replaced.is_ok()
            && let Ok(event) = ev::Event::new("input")
        {
            // Can't fail: the event is not being dispatched already.
            let _ = text_box.dispatch_event(&event);
        }
    }
    let text = text_box.value();
    let select_from = unit_at(&text, replacement.select.start);
    select(
        &text_box,
        select_from,
        unit_at(&text, replacement.select.end),
    );
}

fn select(text_box: &HtmlTextAreaElement, start: u32, end: u32) {
    // Can't fail: it is a text box.
    let _ = text_box.set_selection_range(start, end);
}

/// Types a text into the focused field. Returns whether the browser can.
fn type_text(text: &str) -> bool {
    let document: HtmlDocument = document().unchecked_into();
    // The command is deprecated, but nothing else keeps the history of changes.
    let (command, text) = if text.is_empty() {
        ("delete", "")
    } else {
        ("insertText", text)
    };
    document
        .exec_command_with_show_ui_and_value(command, false, text)
        .unwrap_or(false)
}

/// Returns the position in bytes of a position in UTF-16 units, as browsers count.
fn byte_at(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(character.len_utf16());
    }
    text.len()
}

/// Returns the position in UTF-16 units of a position in bytes.
fn unit_at(text: &str, byte: usize) -> u32 {
    let before = text.get(..byte).unwrap_or(text);
    u32::try_from(before.encode_utf16().count()).unwrap_or(u32::MAX)
}
