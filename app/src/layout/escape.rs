//! Where the library writes text as it is: in a page's title, and in a field of many lines.

/// `text` as it may stand inside an element.
pub fn escaped(text: String) -> String {
    if text.contains(['&', '<']) {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text
    }
}
