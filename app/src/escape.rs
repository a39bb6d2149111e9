//! Escaping of text in HTML that Leptos does not escape: the title of a page, the content of a
//! textarea, and the label added to a card.

/// Escapes `text` for the inside of an element.
pub fn escaped(text: String) -> String {
    if text.contains(['&', '<']) {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text
    }
}
