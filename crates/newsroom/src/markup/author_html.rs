//! Filters the HTML in an author's Markdown.
//!
//! A tag with a name that HTML doesn't have is text. An element that is not allowed is removed and
//! recorded, including its content if that is code. The rest is rewritten with its allowed
//! attributes, so that the sanitizer changes nothing.

use std::{collections::HashSet, fmt::Write as _};

use html5ever::tokenizer::Tag;

use super::{
    elements,
    limits::{MAX_DEPTH, MAX_FAILURES},
    policy,
    removed::Removed,
    tags::{Piece, is_end, name_of, next_piece, read},
};

/// What replaces a tag or a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept as text.
    Text,
    /// This text replaces it.
    Words(String),
    /// This HTML replaces it.
    Html(String),
    /// The start tag of the named element, as HTML. Must be closed at the end of its container.
    Start(String, String),
    /// The end tag of the named element.
    End(String),
    /// The start tag of the named element, which is removed with its content. Without an end tag it
    /// is text.
    Code(String),
    /// It is removed.
    Nothing,
}

/// Decides what replaces `piece`, and records what is removed.
pub fn keep(piece: Piece<'_>, removed: &mut Removed) -> Kept {
    let raw = match piece {
        Piece::Text(_) | Piece::LessThan => return Kept::Text,
        Piece::Comment(_) => {
            removed.element("comment", None);
            return Kept::Nothing;
        }
        Piece::Tag(raw) => raw,
    };
    if !elements::is_html(&name_of(raw)) {
        return Kept::Text;
    }
    let Some(tag) = read(raw) else {
        return Kept::Text;
    };
    let name = below_the_card(&tag.name);
    match (policy::is_allowed(name), is_end(&tag)) {
        (true, true) if elements::is_void(name) => Kept::Nothing,
        (true, true) => Kept::End(name.to_owned()),
        (true, false) => start(name, &tag, removed),
        (false, true) => Kept::Nothing,
        (false, false) if elements::is_code(name) => Kept::Code(name.to_owned()),
        (false, false) => {
            note(name, &tag, removed);
            Kept::Nothing
        }
    }
}

/// Records the removal of the element with the start tag `raw`, and returns its replacement: a link
/// to the page that it would have shown, if any.
pub fn remove_code(raw: &str, removed: &mut Removed) -> String {
    let Some(tag) = read(raw) else {
        return String::new();
    };
    note(&tag.name, &tag, removed);
    let shows_a_page = matches!(&*tag.name, "iframe" | "embed" | "object");
    let page = embedded(&tag).filter(|_| shows_a_page);
    let page = page.and_then(policy::address);
    let Some(page) = page.filter(|page| page.starts_with("http")) else {
        return String::new();
    };
    let title = value(&tag, "title").filter(|title| !title.trim().is_empty());
    let words = escaped(title.unwrap_or(&page));
    format!("<a href=\"{}\">{words}</a>", escaped(&page))
}

/// Returns the heading element one level or more below the card's headline.
fn below_the_card(name: &str) -> &str {
    match name {
        "h1" => "h3",
        "h2" => "h4",
        "h3" => "h5",
        "h4" | "h5" => "h6",
        name => name,
    }
}

fn start(name: &str, tag: &Tag, removed: &mut Removed) -> Kept {
    let mut html = format!("<{name}");
    let mut has_source = false;
    for attribute in &tag.attrs {
        let (its, value) = (&*attribute.name.local, &*attribute.value);
        let kept = policy::attribute(name, its, value);
        has_source |= its == "src" && kept.is_some();
        match kept {
            Some(value) => {
                // Writing to a String can't fail.
                let _ = write!(html, " {its}=\"{}\"", escaped(&value));
            }
            // These are set for all elements anyway.
            None if matches!((name, its), ("a", "rel") | ("img", "loading")) => {}
            None => match (name, its) {
                ("a", "href") => removed.address("link", value),
                ("img", "src") => removed.address("image", value),
                ("source", "src") => removed.address("video", value),
                (_, "src" | "poster") => removed.address(name, value),
                _ => removed.attribute(its),
            },
        }
    }
    html.push('>');
    if name == "img" && !has_source {
        if value(tag, "src").is_none() {
            removed.element("image", None);
        }
        return Kept::Words(value(tag, "alt").unwrap_or_default().to_owned());
    }
    if elements::is_void(name) {
        Kept::Html(html)
    } else {
        Kept::Start(name.to_owned(), html)
    }
}

fn note(name: &str, tag: &Tag, removed: &mut Removed) {
    removed.element(name, embedded(tag));
}

/// Returns the URL of what an element would have shown or fetched.
fn embedded(tag: &Tag) -> Option<&str> {
    ["src", "data", "href", "action"]
        .iter()
        .find_map(|attribute| value(tag, attribute))
}

fn value<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    let attribute = tag.attrs.iter().find(|it| &*it.name.local == name);
    attribute.map(|it| &*it.value)
}

/// Escapes `text` for HTML, including attribute values.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Returns the allowed part of a block of HTML. Closes inline elements that are open at its end,
/// unless `ended_later` returns that a later block closes them.
pub fn block(html: &str, removed: &mut Removed, ended_later: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut open = Vec::new();
    // An element without an end tag after one start tag has none after the next one either.
    let mut without_end = HashSet::new();
    let mut failures = 0;
    let mut rest = html;
    while let Some((piece, after)) = next_piece(rest, failures < MAX_FAILURES) {
        failures += usize::from(piece == Piece::LessThan);
        let raw = &rest[..rest.len() - after.len()];
        rest = after;
        match (keep(piece, removed), piece) {
            (_, Piece::Text(text)) => kept.push_str(text),
            (Kept::Text, _) => {
                kept.push_str("&lt;");
                // The rest of it may contain another bracket.
                rest = &html[html.len() - after.len() - (raw.len() - 1)..];
            }
            (Kept::Words(words), _) => kept.push_str(&escaped(&words)),
            (Kept::Html(html), _) => kept.push_str(&html),
            (Kept::Start(name, html), _) => {
                kept.push_str(&html);
                start_element(&mut open, name);
            }
            (Kept::End(name), _) => {
                end(&mut open, &name);
                let _ = write!(kept, "</{name}>");
            }
            (Kept::Code(name), _) => {
                let end = if elements::is_void(&name) {
                    Some(0)
                } else if without_end.contains(&name) {
                    None
                } else {
                    code_end(after, &name)
                };
                if let Some(end) = end {
                    kept.push_str(&remove_code(raw, removed));
                    rest = &after[end..];
                } else {
                    kept.push_str("&lt;");
                    kept.push_str(&raw[1..]);
                    without_end.insert(name);
                }
            }
            (Kept::Nothing, _) => {}
        }
    }
    let still_open = open.iter().rev();
    for name in still_open.filter(|name| elements::is_within_a_line(name) && !ended_later(name)) {
        let _ = write!(kept, "</{name}>");
    }
    kept
}

/// Adds an element to the open ones. Beyond twice the maximum depth the text is rejected anyway.
pub fn start_element(open: &mut Vec<String>, name: String) {
    if open.len() <= 2 * MAX_DEPTH {
        open.push(name);
    }
}

/// Removes the last element of this name, and those inside it, from the open ones.
pub fn end(open: &mut Vec<String>, name: &str) {
    if let Some(at) = open.iter().rposition(|it| it == name) {
        open.truncate(at);
    }
}

/// Returns the position after the end tag of the element `name` in `html`.
fn code_end(html: &str, name: &str) -> Option<usize> {
    let mut rest = html;
    loop {
        let at = rest.find("</")?;
        let tag = &rest[at..];
        let end = tag.find('>')?;
        if name_of(&tag[..=end]) == name {
            return Some(html.len() - rest.len() + at + end + 1);
        }
        rest = &rest[at + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(html: &str) -> (String, Vec<String>) {
        let mut removed = Removed::default();
        let kept = block(html, &mut removed, |_| false);
        (kept, removed.into_names())
    }

    #[test]
    fn allowed_html_is_rewritten() {
        for (html, expected) in [
            ("<P>a <B>b</B>", "<p>a <b>b</b>"),
            (
                "<p title='a \"b\" & c'>",
                "<p title=\"a &quot;b&quot; &amp; c\">",
            ),
            ("<h1>Top</h1><h6>x</h6>", "<h3>Top</h3><h6>x</h6>"),
            ("<img src=/a.png alt=A>", "<img src=\"/a.png\" alt=\"A\">"),
            ("<td align=right>1</td>", "<td align=\"right\">1</td>"),
            ("<li value=3>", "<li>"),
            ("a < b & c", "a &lt; b & c"),
        ] {
            assert_eq!(kept(html).0, expected, "{html}");
        }
    }

    #[test]
    fn unknown_elements_are_text() {
        for (html, expected) in [
            ("<Firstname Lastname>", "&lt;Firstname Lastname>"),
            ("</office>", "&lt;/office>"),
            ("<x <b>y</b>", "&lt;x <b>y</b>"),
            ("<my-part>a</my-part>", "&lt;my-part>a&lt;/my-part>"),
        ] {
            assert_eq!(kept(html), (expected.to_owned(), vec![]), "{html}");
        }
    }

    #[test]
    fn removed_parts_are_named() {
        for (html, expected, names) in [
            (
                "<form action=/logout><button>x</button></form>",
                "x",
                &["form", "button"][..],
            ),
            (
                "a<script src=//x.org/y.js>1<b></script>b",
                "ab",
                &["script x.org"],
            ),
            ("<style>p{}</style>", "", &["style"]),
            ("<svg><path d=x /><text>y</text></svg>", "", &["svg"]),
            (
                "<iframe src=\"https://www.youtube.com/embed/X\" title=\"The goal\"></iframe>",
                "<a href=\"https://www.youtube.com/embed/X\">The goal</a>",
                &["iframe youtube.com"],
            ),
            (
                "<p style=x onclick=y>z",
                "<p>z",
                &["attribute style", "attribute onclick"],
            ),
            ("<a href=Reuters>x</a>", "<a>x</a>", &["link Reuters"]),
            ("<img src=x alt=A>", "A", &["image x"]),
            ("<img alt=''>", "", &["image"]),
            ("a<!-- b -->c", "ac", &["comment"]),
        ] {
            let names = names.iter().map(ToString::to_string).collect();
            assert_eq!(kept(html), (expected.to_owned(), names), "{html}");
        }
    }

    #[test]
    fn start_tag_of_code_without_an_end_tag_is_text() {
        for (html, expected) in [
            ("Use <script> here", "Use &lt;script> here"),
            ("<svg> and <b>x</b>", "&lt;svg> and <b>x</b>"),
        ] {
            assert_eq!(kept(html), (expected.to_owned(), vec![]), "{html}");
        }
    }

    #[test]
    fn open_elements_are_closed_unless_a_later_block_closes_them() {
        assert_eq!(kept("<div><b>x").0, "<div><b>x</b>");
        assert_eq!(kept("<b><i>x</b>").0, "<b><i>x</b>");
        let mut removed = Removed::default();
        assert_eq!(block("<b>", &mut removed, |name| name == "b"), "<b>");
    }
}
