//! Gives each block a direction, which its first letter determines: `dir="auto"`, where the browser
//! finds the letter.
//!
//! Browsers skip elements with a direction of their own, and so find no letter in a list or a quote
//! whose paragraphs have one. Such a block would be left-to-right. If its first letter is of the
//! other direction, the direction is written explicitly, so that the bar of a quote and the markers
//! of a list are on the side where the text begins.

use unicode_bidi::{BidiClass, bidi_class};

use super::{
    plain_text::{name_of, unescaped},
    tables::next_tag,
};

/// Returns sanitized `html` with a direction for each block that has none.
pub fn with_directions(html: &str) -> String {
    let mut directions = Directions::default();
    let mut rest = html;
    while let Some((text, tag, after)) = next_tag(rest) {
        directions.read(text);
        rest = after;
        let end = html.len() - rest.len() - 1;
        match tag.strip_prefix("</") {
            Some(_) => directions.close(name_of(tag)),
            None if is_block(name_of(tag)) => directions.open(tag, end),
            None => {}
        }
    }
    directions.close_all();
    directions.insert_into(html)
}

#[derive(Default)]
struct Directions {
    open: Vec<Block>,
    /// The positions and the values of the attributes to insert.
    found: Vec<(usize, &'static str)>,
}

struct Block {
    name: String,
    /// The end of its attributes, until its direction is found.
    at: Option<usize>,
}

impl Directions {
    fn open(&mut self, tag: &str, end: usize) {
        self.open.push(Block {
            name: name_of(tag).to_owned(),
            at: (!tag.contains(" dir=\"")).then_some(end),
        });
    }

    /// Searches for a letter that determines the direction.
    fn read(&mut self, escaped: &str) {
        if self.open.iter().all(|block| block.at.is_none()) {
            return;
        }
        let mut rest = escaped;
        while let Some(first) = rest.chars().next() {
            let (character, length) = unescaped(rest).unwrap_or((first, first.len_utf8()));
            rest = &rest[length..];
            let outside = match bidi_class(character) {
                BidiClass::L => "auto",
                BidiClass::R | BidiClass::AL => "rtl",
                _ => continue,
            };
            let innermost = self.open.len() - 1;
            for (at, block) in self.open.iter_mut().enumerate() {
                if let Some(end) = block.at.take() {
                    let found = if at == innermost { "auto" } else { outside };
                    self.found.push((end, found));
                }
            }
            return;
        }
    }

    fn close(&mut self, name: &str) {
        if self.open.last().is_some_and(|block| block.name == name)
            && let Some(block) = self.open.pop()
        {
            self.found.extend(block.at.map(|end| (end, "auto")));
        }
    }

    fn close_all(&mut self) {
        let open = self.open.drain(..);
        self.found
            .extend(open.filter_map(|block| Some((block.at?, "auto"))));
    }

    fn insert_into(mut self, html: &str) -> String {
        self.found.sort_unstable();
        let mut written = String::with_capacity(html.len() + self.found.len() * 11);
        let mut from = 0;
        for (end, direction) in self.found {
            written.push_str(&html[from..end]);
            written.push_str(" dir=\"");
            written.push_str(direction);
            written.push('"');
            from = end;
        }
        written.push_str(&html[from..]);
        written
    }
}

fn is_block(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "li",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "td",
        "th",
        "ul",
    ];
    BLOCKS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_gets_its_own_direction() {
        for (html, directed) in [
            ("<p>Goal</p>", r#"<p dir="auto">Goal</p>"#),
            ("<p>2–1</p>", r#"<p dir="auto">2–1</p>"#),
            (
                "<ul><li>1. <b>هدف</b></li><li>Goal</li></ul>",
                r#"<ul dir="rtl"><li dir="auto">1. <b>هدف</b></li><li dir="auto">Goal</li></ul>"#,
            ),
            (
                "<blockquote><p>&amp; שלום</p></blockquote><p>x</p>",
                r#"<blockquote dir="rtl"><p dir="auto">&amp; שלום</p></blockquote><p dir="auto">x</p>"#,
            ),
            (
                "<ul><li>a<ul><li>هدف</li></ul></li></ul>",
                r#"<ul dir="auto"><li dir="auto">a<ul dir="rtl"><li dir="auto">هدف</li></ul></li></ul>"#,
            ),
            (
                r#"<p dir="rtl">a</p><img alt="<p>"><p>b</p>"#,
                r#"<p dir="rtl">a</p><img alt="<p>"><p dir="auto">b</p>"#,
            ),
            ("<ul></ul>", r#"<ul dir="auto"></ul>"#),
            ("a <b>b</b>", "a <b>b</b>"),
        ] {
            assert_eq!(with_directions(html), directed);
            assert_eq!(with_directions(directed), directed);
        }
    }
}
