//! Extracts the text of sanitized HTML.

use domain::hygiene;
use unicode_segmentation::UnicodeSegmentation as _;

use super::tables::next_tag;

/// Returns the text of `html` on one line, at most `max` characters. Items of numbered lists begin
/// with their numbers; footnotes are omitted. Reads only as much of `html` as needed.
pub fn plain_text(html: &str, max: usize) -> String {
    let mut line = Line::default();
    let mut lists = Lists::default();
    let mut rest = html;
    // One more character than `max` shows that something is omitted.
    while line.characters <= max {
        let Some((text, tag, after)) = next_tag(rest) else {
            line.push(rest, max);
            break;
        };
        line.push(text, max);
        line.between_words |= !is_within_a_line(name_of(tag));
        rest = after;
        if tag.starts_with("<section class=\"footnotes\"") {
            break;
        }
        if tag.starts_with("<sup class=\"footnote-ref\"") {
            rest = rest.split_once("</sup>").map_or("", |(_, after)| after);
        }
        if let Some(number) = lists.number_at(tag) {
            line.push(&format!("{number}."), max);
            line.between_words = true;
        }
    }
    if hygiene::has_visible_char(&line.text) {
        cut(&line.text, max)
    } else {
        String::new()
    }
}

/// Returns whether sanitized `html` contains a visible character.
pub fn has_visible_char(html: &str) -> bool {
    let is_visible = |escaped: &str| {
        let mut rest = escaped;
        while let Some(first) = rest.chars().next() {
            let (character, length) = unescaped(rest).unwrap_or((first, first.len_utf8()));
            if hygiene::is_visible(character) {
                return true;
            }
            rest = &rest[length..];
        }
        false
    };
    let mut rest = html;
    while let Some((text, _, after)) = next_tag(rest) {
        if is_visible(text) {
            return true;
        }
        rest = after;
    }
    is_visible(rest)
}

/// Returns the first `max` characters of a line, ending with `…` if it is longer. Does not split
/// grapheme clusters.
pub fn cut(line: &str, max: usize) -> String {
    if line.chars().count() <= max {
        return line.to_owned();
    }
    let mut room = max.saturating_sub(1);
    let mut kept = 0;
    for cluster in line.graphemes(true) {
        let Some(left) = room.checked_sub(cluster.chars().count()) else {
            break;
        };
        room = left;
        kept += cluster.len();
    }
    format!("{}…", line[..kept].trim_end())
}

/// The open lists, with the number of the last item of each numbered one.
#[derive(Default)]
struct Lists(Vec<Option<u64>>);

impl Lists {
    /// Returns the number of the list item that `tag` begins, if it has one.
    fn number_at(&mut self, tag: &str) -> Option<u64> {
        match name_of(tag) {
            "ul" | "ol" if tag.starts_with("</") => {
                self.0.pop();
            }
            "ul" => self.0.push(None),
            "ol" => {
                let start = tag.split_once(" start=\"").and_then(|(_, start)| {
                    let (number, _) = start.split_once('"')?;
                    number.parse().ok()
                });
                self.0.push(Some(start.unwrap_or(1)));
            }
            "li" if !tag.starts_with("</") => {
                let next = self.0.last_mut()?.as_mut()?;
                let number = *next;
                *next = number.saturating_add(1);
                return Some(number);
            }
            _ => {}
        }
        None
    }
}

/// Text with one space between words.
#[derive(Default)]
struct Line {
    text: String,
    characters: usize,
    /// Whether the next character begins another word.
    between_words: bool,
}

impl Line {
    /// Adds the words of `escaped`, until the line is longer than `max`.
    fn push(&mut self, escaped: &str, max: usize) {
        let mut rest = escaped;
        while let Some(first) = rest.chars().next() {
            if self.characters > max {
                return;
            }
            let (character, length) = unescaped(rest).unwrap_or((first, first.len_utf8()));
            rest = &rest[length..];
            if character.is_whitespace() {
                self.between_words = true;
                continue;
            }
            // The line is used in titles and lists, and must not affect the direction of other
            // text.
            if hygiene::is_directional_formatting(character) {
                continue;
            }
            if self.between_words && !self.text.is_empty() {
                self.text.push(' ');
                self.characters += 1;
            }
            self.between_words = false;
            self.text.push(character);
            self.characters += 1;
        }
    }
}

/// Returns the character escaped at the beginning of `text`, and the length of the escape. The
/// sanitizer writes only these.
pub(super) fn unescaped(text: &str) -> Option<(char, usize)> {
    const ESCAPES: [(&str, char); 5] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&nbsp;", '\u{a0}'),
    ];
    ESCAPES
        .iter()
        .find(|(escape, _)| text.starts_with(escape))
        .map(|(escape, character)| (*character, escape.len()))
}

/// Returns the name in a tag that the sanitizer wrote.
pub(super) fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    &name[..end.unwrap_or(name.len())]
}

/// Returns whether text before and after a tag of this name can be one word. Other tags end a line
/// or a cell.
fn is_within_a_line(name: &str) -> bool {
    const WITHIN_A_LINE: [&str; 23] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd",
        "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "wbr",
    ];
    WITHIN_A_LINE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_as_displayed() {
        for (html, words) in [
            ("<p>A <b>b</b>c</p><p>d</p>", "A bc d"),
            ("a<br>b", "a b"),
            ("<td>1</td><td>2</td>", "1 2"),
            (
                "&lt;b&gt; &amp;amp; &quot;x&quot;&nbsp;y",
                "<b> &amp; \"x\" y",
            ),
            ("<img alt=\"a > b\">c", "c"),
            ("  <p>  </p> ", ""),
            ("a & b &unknown; c", "a & b &unknown; c"),
            ("<ol start=\"2\"><li>Bundesliga</li></ol>", "2. Bundesliga"),
            (
                "<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>",
                "a 1. b 2. c d",
            ),
            (
                "<p>61 per cent.<sup class=\"footnote-ref\"><a>1</a></sup> So</p><section class=\"footnotes\">x",
                "61 per cent. So",
            ),
            ("<p>\u{200b}</p>", ""),
            ("abc\u{202e}def", "abcdef"),
            ("E=mc<sup>2</sup>", "E=mc2"),
        ] {
            assert_eq!(plain_text(html, 80), words, "{html}");
        }
    }

    #[test]
    fn long_line_is_cut() {
        assert_eq!(plain_text("<p>one two</p>", 7), "one two");
        assert_eq!(plain_text("<p>one two</p>", 6), "one t…");
        assert_eq!(plain_text("<p>one two</p>", 5), "one…");
        assert_eq!(plain_text("<p>one two</p>", 2), "o…");
        assert_eq!(plain_text("ééé", 2), "é…");
        assert_eq!(plain_text("e\u{301}e\u{301}x", 4), "e\u{301}…");
        assert_eq!(plain_text("👩\u{200d}👩\u{200d}👧 and more", 5), "…");
        assert_eq!(
            plain_text("👩\u{200d}👩\u{200d}👧 and more", 6),
            "👩\u{200d}👩\u{200d}👧…"
        );
    }

    #[test]
    fn cutting_is_idempotent() {
        let html = "<p>Some words &amp; <b>more</b> of them, and then some</p>";
        for (long, short) in [(20, 10), (12, 11), (12, 5), (10, 9), (40, 39)] {
            let once = plain_text(html, short);
            assert_eq!(cut(&plain_text(html, long), short), once, "{long} {short}");
        }
    }
}
