//! The names and kinds of HTML elements.

use super::policy::is_allowed;

/// Returns whether HTML has the element `name`, including obsolete ones and the roots of SVG and
/// `MathML`. Other names in brackets are meant as text.
pub fn is_html(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "address",
        "applet",
        "area",
        "base",
        "basefont",
        "bgsound",
        "big",
        "blink",
        "body",
        "button",
        "canvas",
        "datalist",
        "dialog",
        "dir",
        "embed",
        "fieldset",
        "font",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "head",
        "html",
        "iframe",
        "image",
        "input",
        "isindex",
        "keygen",
        "label",
        "legend",
        "link",
        "listing",
        "main",
        "map",
        "marquee",
        "math",
        "menu",
        "menuitem",
        "meta",
        "meter",
        "multicol",
        "nextid",
        "nobr",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "optgroup",
        "option",
        "output",
        "param",
        "picture",
        "plaintext",
        "progress",
        "rb",
        "script",
        "search",
        "select",
        "slot",
        "spacer",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "track",
        "xmp",
    ];
    is_allowed(name) || OTHERS.contains(&name)
}

/// Returns whether the content of the element `name` is code or a fallback, rather than text.
pub fn is_code(name: &str) -> bool {
    const CODE: &[&str] = &[
        "applet", "canvas", "embed", "iframe", "math", "noembed", "noframes", "noscript", "object",
        "script", "style", "svg", "template",
    ];
    CODE.contains(&name)
}

/// Returns whether the element `name` has no end tag.
pub fn is_void(name: &str) -> bool {
    const VOID: &[&str] = &[
        "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img",
        "input", "keygen", "link", "meta", "param", "source", "track", "wbr",
    ];
    VOID.contains(&name)
}

/// Returns whether an element is inline. Parsers reopen an open inline element in every following
/// paragraph.
pub fn is_within_a_line(name: &str) -> bool {
    const WITHIN_A_LINE: &[&str] = &[
        "a", "abbr", "acronym", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i",
        "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
        "time", "tt", "u", "var",
    ];
    WITHIN_A_LINE.contains(&name)
}
