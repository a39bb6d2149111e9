//! The elements of HTML, by name: which there are, and of what kind each is.

use super::policy::is_allowed;

/// All elements of HTML, obsolete ones too, and the roots of SVG and `MathML`. What has another name is no
/// element: the author means the words in the brackets.
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

/// Whether what stands inside the element `name` is code, or is shown by nothing but the element.
pub fn is_code(name: &str) -> bool {
    const CODE: &[&str] = &[
        "applet", "canvas", "embed", "iframe", "math", "noembed", "noframes", "noscript", "object",
        "script", "style", "svg", "template",
    ];
    CODE.contains(&name)
}

/// Whether the element `name` has no end tag.
pub fn is_void(name: &str) -> bool {
    const VOID: &[&str] = &[
        "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img",
        "input", "keygen", "link", "meta", "param", "source", "track", "wbr",
    ];
    VOID.contains(&name)
}

/// Whether an element stands within a line: what is open opens again in every paragraph that follows.
pub fn is_within_a_line(name: &str) -> bool {
    const WITHIN_A_LINE: &[&str] = &[
        "a", "abbr", "acronym", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i",
        "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
        "time", "tt", "u", "var",
    ];
    WITHIN_A_LINE.contains(&name)
}
