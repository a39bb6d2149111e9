//! Where text is written as it is: by the library in a page's title and in a field of many lines, and in what
//! is put around cards.

/// `text` as it may stand inside an element.
pub fn escaped(text: String) -> String {
    if text.contains(['&', '<']) {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text
    }
}
