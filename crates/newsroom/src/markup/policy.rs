//! The policy: the elements, attributes and URLs that an author may use. Everything else is
//! removed.

use std::borrow::Cow;

use ammonia::Url;

/// Allowed elements without attributes of their own; see also [`ATTRIBUTES`].
const ELEMENTS: &[&str] = &[
    "abbr",
    "acronym",
    "article",
    "aside",
    "b",
    "bdi",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "data",
    "dd",
    "details",
    "dfn",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "i",
    "kbd",
    "mark",
    "nav",
    "p",
    "pre",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "time",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Allowed elements with their attributes, besides [`GENERIC`] ones.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang", "id", "class", "aria-label"]),
    ("audio", &["src", "controls"]),
    ("bdo", &[]),
    ("blockquote", &["cite"]),
    ("col", &["align", "span"]),
    ("colgroup", &["align", "span"]),
    ("del", &["cite", "datetime"]),
    ("div", &["class", "role", "aria-label", "tabindex"]),
    ("hr", &[]),
    ("img", &["src", "alt", "width", "height", "loading"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["id", "class"]),
    ("ol", &["start"]),
    ("q", &["cite"]),
    ("section", &["class"]),
    ("source", &["src", "type"]),
    ("sup", &["class"]),
    ("table", &[]),
    ("tbody", &["align"]),
    ("td", &["align", "colspan", "headers", "rowspan"]),
    ("tfoot", &["align"]),
    ("th", &["align", "colspan", "headers", "rowspan", "scope"]),
    ("thead", &["align"]),
    ("tr", &["align"]),
    ("video", &["src", "controls", "poster", "width", "height"]),
];

/// Attributes allowed on every element.
const GENERIC: &[&str] = &["lang", "title", "dir"];

/// Classes allowed on an element: those used by this module, which the style sheet knows.
const CLASSES: &[(&str, &str)] = &[
    ("a", "footnote-backref"),
    ("div", "table"),
    ("li", "task"),
    ("section", "footnotes"),
    ("sup", "footnote-ref"),
];

/// Attributes with one allowed value: those written by this module.
const FIXED: &[(&str, &str, &str)] = &[
    ("div", "role", "group"),
    ("div", "aria-label", "Table"),
    ("div", "tabindex", "0"),
    ("img", "loading", "lazy"),
];

/// The allowed schemes of URLs.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel"];

/// Returns whether authors may use the element `name`.
pub fn is_allowed(name: &str) -> bool {
    ELEMENTS.contains(&name) || ATTRIBUTES.iter().any(|(element, _)| *element == name)
}

/// Returns whether the element `name` may have `attribute` with some value.
fn may_have(name: &str, attribute: &str) -> bool {
    let own = ATTRIBUTES.iter().find(|(element, _)| *element == name);
    GENERIC.contains(&attribute) || own.is_some_and(|(_, own)| own.contains(&attribute))
}

/// Returns the allowed value of an attribute of the element `name`; `None` if it is removed.
pub fn attribute<'v>(name: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    if !may_have(name, attribute) {
        return None;
    }
    let fixed = FIXED
        .iter()
        .find(|(of, it, _)| (*of, *it) == (name, attribute));
    if let Some((.., fixed)) = fixed {
        return (value == *fixed).then_some(Cow::Borrowed(value));
    }
    match attribute {
        "href" | "src" | "poster" | "cite" => address(value),
        "dir" => matches!(value, "ltr" | "rtl" | "auto").then_some(Cow::Borrowed(value)),
        "class" => CLASSES
            .contains(&(name, value))
            .then_some(Cow::Borrowed(value)),
        "id" => is_footnote_id(value).then_some(Cow::Borrowed(value)),
        "aria-label" => value.starts_with(BACK).then_some(Cow::Borrowed(value)),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The beginning of the label of a link from a footnote back to the text.
const BACK: &str = "Back to reference ";

/// Returns whether `id` belongs to a footnote, or to a reference to one: `fn-1`, `fnref-1`, or for
/// the second reference `fnref-1-2`.
pub fn is_footnote_id(id: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(note) = id.strip_prefix("fn-") {
        return number(note);
    }
    id.strip_prefix("fnref-")
        .is_some_and(|place| match place.split_once('-') {
            Some((note, nth)) => number(note) && number(nth),
            None => number(place),
        })
}

/// Returns the URL that `written` means, if it is allowed: one of the web, mail or telephone, a
/// path on this site, an update on the same page, or a footnote. Returns `None` for URLs relative
/// to the page, since an update appears on several pages.
pub fn address(written: &str) -> Option<Cow<'_, str>> {
    let written = written.trim_matches(|c: char| c <= ' ');
    match Url::parse(written) {
        Ok(url) => SCHEMES
            .contains(&url.scheme())
            .then_some(Cow::Borrowed(written)),
        Err(ammonia::url::ParseError::RelativeUrlWithoutBase) => relative(written),
        Err(_) => None,
    }
}

fn relative(written: &str) -> Option<Cow<'_, str>> {
    // Browsers treat a backslash as a slash, and ignore tabs and line breaks.
    if written.contains(['\\', '\t', '\n', '\r']) {
        return None;
    }
    if let Some(id) = written.strip_prefix('#') {
        let update = id.strip_prefix("update-");
        let is_update = update.is_some_and(|number| number.parse::<u64>().is_ok());
        return (is_update || is_footnote_id(id)).then_some(Cow::Borrowed(written));
    }
    let absolute = if written.starts_with("//") {
        format!("https:{written}")
    } else if written.starts_with('/') {
        return Some(Cow::Borrowed(written));
    } else if written.starts_with("www.") {
        format!("https://{written}")
    } else {
        return None;
    };
    Url::parse(&absolute)
        .is_ok()
        .then_some(Cow::Owned(absolute))
}

/// Returns the sanitizer, which allows what [`attribute`] and [`is_allowed`] allow.
pub fn sanitizer() -> ammonia::Builder<'static> {
    let mut sanitizer = ammonia::Builder::empty();
    let elements = ATTRIBUTES.iter().map(|(element, _)| *element);
    let attributes = ATTRIBUTES
        .iter()
        .map(|(element, attributes)| (*element, attributes.iter().copied().collect()));
    sanitizer
        .tags(ELEMENTS.iter().copied().chain(elements).collect())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(GENERIC.iter().copied().collect())
        .tag_attributes(attributes.collect())
        .attribute_filter(|element, name, value| match (element, name) {
            // The sanitizer sets this attribute.
            ("a", "rel") => Some(Cow::Borrowed(value)),
            _ => attribute(element, name, value),
        })
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("img", "loading", "lazy")
        .set_tag_attribute_value("video", "controls", "")
        .set_tag_attribute_value("audio", "controls", "");
    sanitizer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_resolved_or_rejected() {
        for (written, expected) in [
            ("https://example.org/a b", Some("https://example.org/a b")),
            ("HTTP://example.org", Some("HTTP://example.org")),
            ("mailto:desk@example.org", Some("mailto:desk@example.org")),
            ("tel:+49301234", Some("tel:+49301234")),
            ("//example.org/x", Some("https://example.org/x")),
            ("www.example.org/x", Some("https://www.example.org/x")),
            ("/entries/final", Some("/entries/final")),
            ("#update-12", Some("#update-12")),
            ("#fn-1", Some("#fn-1")),
            (" https://example.org ", Some("https://example.org")),
            ("Reuters", None),
            ("../x", None),
            ("?order=latest", None),
            ("#pinned", None),
            ("#update-x", None),
            ("", None),
            ("javascript:alert(1)", None),
            ("jav\tascript:alert(1)", None),
            ("\\\\example.org", None),
            ("/\\example.org", None),
            ("data:image/png;base64,iVBORw0KGgo=", None),
            ("ftp://example.org", None),
            ("https://", None),
        ] {
            assert_eq!(address(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn footnote_ids_are_recognized() {
        for id in ["fn-1", "fnref-1", "fnref-12-3"] {
            assert!(is_footnote_id(id), "{id}");
        }
        for id in [
            "fn-",
            "fn-1-2",
            "fnref-",
            "fnref-1-",
            "live-updates",
            "fn-x",
        ] {
            assert!(!is_footnote_id(id), "{id}");
        }
    }
}
