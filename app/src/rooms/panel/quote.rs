//! What staff can do with a message: quote it in the composer, and moderate it.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use crate::live::{
    card,
    dom::{by_id, content, field_text, find, set_field_text, text},
};

/// The id of the composer's text box.
const COMPOSER: &str = "composer-text";

/// Adds the controls for staff to a message, if somebody is logged in. The server decides who may
/// moderate.
pub fn staff_controls(message: &Element) {
    let is_author = document()
        .document_element()
        .is_some_and(|root| root.class_list().contains("author"));
    let Some(by) = find(message, ".message-by").filter(|_| is_author) else {
        return;
    };
    let id = text(message, "data-message-id");
    // A room's own page has no composer.
    let quote = match by_id("live-updates") {
        Some(_) => r#"<button class="link message-quote" type="button">Quote</button> "#,
        None => "",
    };
    let moderate = [
        r#"<span class="message-tools" lang="en">"#,
        quote,
        r#"<a href="/desk/moderation/messages/"#,
        &id,
        r#"">Moderate</a></span>"#,
    ];
    if let Some(controls) = card::parse(&moderate.concat()) {
        // Can't fail: the controls are new.
        let _ = by.append_child(&controls);
    }
}

/// Appends a message, quoted and with its author's name, to the text in the composer.
pub fn quote(message: &Element) {
    let part = |class| content(message, class);
    let quoted = domain::quote_message(&part(".message-nick"), &part(".message-text"));
    let Some(field) = by_id(COMPOSER).and_then(|it| it.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let before = field_text(&field);
    let joined = match before.trim_end() {
        "" => quoted,
        before => [before, "\n\n", &quoted].concat(),
    };
    set_field_text(&field, &joined);
    // The composer listens at the text box itself.
    if let Ok(input) = Event::new("input") {
        let _ = field.dispatch_event(&input);
    }
    let _ = field.focus();
}
