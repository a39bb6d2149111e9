//! Which HTML an author may use: elements, attributes and addresses. Everything else is removed.

use std::borrow::Cow;

use ammonia::Url;

/// Elements, beside those of [`ATTRIBUTES`].
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

/// Elements, and the attributes that each may have beside [`GENERIC`] ones.
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

/// Attributes that every element may have.
const GENERIC: &[&str] = &["lang", "title", "dir"];

/// Classes, each of one element: what the page's styles know, and what this module writes.
const CLASSES: &[(&str, &str)] = &[
    ("a", "footnote-backref"),
    ("div", "table"),
    ("li", "task"),
    ("section", "footnotes"),
    ("sup", "footnote-ref"),
];

/// Attributes with one value each: what this module writes, and nothing else.
const FIXED: &[(&str, &str, &str)] = &[
    ("div", "role", "group"),
    ("div", "aria-label", "Table"),
    ("div", "tabindex", "0"),
    ("img", "loading", "lazy"),
];

/// The schemes of addresses.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel"];

/// Whether an author may use the element `name`.
pub fn is_allowed(name: &str) -> bool {
    ELEMENTS.contains(&name) || ATTRIBUTES.iter().any(|(element, _)| *element == name)
}

/// Whether `name` may have an attribute `attribute`, of some values.
fn may_have(name: &str, attribute: &str) -> bool {
    let own = ATTRIBUTES.iter().find(|(element, _)| *element == name);
    GENERIC.contains(&attribute) || own.is_some_and(|(_, own)| own.contains(&attribute))
}

/// What is kept of the attribute `attribute` of an element `name`; `None` if it is removed.
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

/// How the name of a link from a footnote back to the text begins.
const BACK: &str = "Back to reference ";

/// Whether `id` is one of a footnote, or of a place that refers to one: `fn-1`, `fnref-1` and, of the
/// second such place, `fnref-1-2`.
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

/// The address that `written` means, if an update may hold it: one of the web, of mail or telephone, a
/// path from this site's root, an update of the same page, or a footnote. `None` for what would lead to
/// another place on each page that shows the update.
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
    // Browsers read a backslash as a slash, and leave tabs and line ends out.
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

/// The sanitiser: what it lets through is what [`attribute`] and [`is_allowed`] say.
pub fn sanitiser() -> ammonia::Builder<'static> {
    let mut sanitiser = ammonia::Builder::empty();
    let elements = ATTRIBUTES.iter().map(|(element, _)| *element);
    let attributes = ATTRIBUTES
        .iter()
        .map(|(element, attributes)| (*element, attributes.iter().copied().collect()));
    sanitiser
        .tags(ELEMENTS.iter().copied().chain(elements).collect())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(GENERIC.iter().copied().collect())
        .tag_attributes(attributes.collect())
        .attribute_filter(|element, name, value| match (element, name) {
            // It is set by the sanitiser itself.
            ("a", "rel") => Some(Cow::Borrowed(value)),
            _ => attribute(element, name, value),
        })
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("img", "loading", "lazy")
        .set_tag_attribute_value("video", "controls", "")
        .set_tag_attribute_value("audio", "controls", "");
    sanitiser
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved_or_refused() {
        for (written, meant) in [
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
            assert_eq!(address(written).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn ids_are_those_of_footnotes() {
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
