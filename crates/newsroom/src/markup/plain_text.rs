//! The words of HTML that the sanitiser wrote.

use super::tables::next_tag;

/// The words of `html` on one line, at most `longest` characters of them. Reads no further than that
/// needs.
pub fn plain_text(html: &str, longest: usize) -> String {
    let mut line = Line::default();
    let mut rest = html;
    // One more than fits tells whether something is left out.
    while line.characters <= longest {
        let Some((text, tag, after)) = next_tag(rest) else {
            line.push(rest, longest);
            break;
        };
        line.push(text, longest);
        line.between_words |= !is_within_a_line(tag);
        rest = after;
    }
    cut(&line.text, longest)
}

/// The first `longest` characters of a line, the last of them `…` if it has more.
pub fn cut(line: &str, longest: usize) -> String {
    if line.chars().count() <= longest {
        return line.to_owned();
    }
    let kept: String = line.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Words with one space between them.
#[derive(Default)]
struct Line {
    text: String,
    characters: usize,
    /// Whether what comes next begins another word.
    between_words: bool,
}

impl Line {
    /// Adds the words of `escaped`, until the line is longer than `longest`.
    fn push(&mut self, escaped: &str, longest: usize) {
        let mut rest = escaped;
        while let Some(first) = rest.chars().next() {
            if self.characters > longest {
                return;
            }
            let (character, length) = unescaped(rest).unwrap_or((first, first.len_utf8()));
            rest = &rest[length..];
            if character.is_whitespace() {
                self.between_words = true;
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

/// The character that `text` begins with an escape of, and the escape's length. The sanitiser writes
/// these and no others.
fn unescaped(text: &str) -> Option<(char, usize)> {
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

/// Whether words before and after `tag` may be one. All other tags end a line or a cell.
fn is_within_a_line(tag: &str) -> bool {
    const WITHIN_A_LINE: [&str; 22] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd",
        "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u",
    ];
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    WITHIN_A_LINE.contains(&&name[..end.unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_as_they_are_seen() {
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
        ] {
            assert_eq!(plain_text(html, 80), words, "{html}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        assert_eq!(plain_text("<p>one two</p>", 7), "one two");
        assert_eq!(plain_text("<p>one two</p>", 6), "one t…");
        assert_eq!(plain_text("<p>one two</p>", 5), "one…");
        assert_eq!(plain_text("<p>one two</p>", 2), "o…");
        assert_eq!(plain_text("ééé", 2), "é…");
    }

    #[test]
    fn cutting_twice_is_cutting_once() {
        let html = "<p>Some words &amp; <b>more</b> of them, and then some</p>";
        for (long, short) in [(20, 10), (12, 11), (12, 5), (10, 9), (40, 39)] {
            let once = plain_text(html, short);
            assert_eq!(cut(&plain_text(html, long), short), once, "{long} {short}");
        }
    }
}
