//! From what an author wrote to what a reader's browser may be given.

mod tables;

use std::{fmt, sync::LazyLock};

use domain::Source;
use pulldown_cmark::{Options, Parser};

/// HTML that can do nothing but be read. Only the sanitiser makes one, and only one of these may
/// reach a page as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// What the database kept of an earlier [`to_safe_html`].
    pub(crate) fn stored(html: String) -> Self {
        Self(html)
    }

    /// The HTML itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a reader sees anything of it.
    pub fn is_visible(&self) -> bool {
        let media = ["<img ", "<video ", "<audio ", "<hr"];
        media.iter().any(|tag| self.0.contains(tag)) || !self.plain_text(2).is_empty()
    }

    /// Its words alone, on one line, at most `longest` characters: for a title or a preview.
    pub fn plain_text(&self, longest: usize) -> String {
        static WORDS: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
            let mut words = ammonia::Builder::empty();
            words.clean_content_tags(["script", "style"].into());
            words
        });
        let clean = WORDS.clean(&spaced(&self.0)).to_string();
        let text = unescape(&clean);
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if line.chars().count() > longest {
            line = line.chars().take(longest.saturating_sub(1)).collect();
            line.truncate(line.trim_end().len());
            line.push('…');
        }
        line
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `source` as Markdown (`CommonMark` with tables and strike-through), in which HTML may stand,
/// and keeps of it what is safe: no scripts, no handlers, no styles, no ids, no addresses but those
/// of the web, mail and telephone. Tables stand in regions that the keyboard can scroll.
pub fn to_safe_html(source: &Source) -> SafeHtml {
    static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut sanitiser = ammonia::Builder::default();
        sanitiser
            .url_schemes(["http", "https", "mailto", "tel"].into())
            .link_rel(Some("noopener noreferrer"))
            .add_tags(["figure", "figcaption", "video", "audio", "source"])
            .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
            .add_tag_attributes("audio", ["src", "controls"])
            .add_tag_attributes("source", ["src", "type"])
            .set_tag_attribute_value("img", "loading", "lazy")
            .set_tag_attribute_value("video", "controls", "")
            .set_tag_attribute_value("audio", "controls", "");
        sanitiser
    });
    let parser = Parser::new_ext(
        source.as_str(),
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    );
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, parser);
    let safe = SANITISER.clean(&html).to_string();
    SafeHtml(tables::accessible(safe.trim_end()))
}

/// `html` with a space before each tag that ends a line or a cell, so that two words don't become
/// one; tags within a line separate nothing.
fn spaced(html: &str) -> String {
    const WITHIN_A_LINE: [&str; 22] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd",
        "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u",
    ];
    let mut text = String::with_capacity(html.len());
    for (index, piece) in html.split('<').enumerate() {
        if index > 0 {
            let name = piece.trim_start_matches('/');
            let end = name.find(|c: char| !c.is_ascii_alphanumeric());
            if !WITHIN_A_LINE.contains(&&name[..end.unwrap_or(name.len())]) {
                text.push(' ');
            }
            text.push('<');
        }
        text.push_str(piece);
    }
    text
}

/// Undoes the few escapes that the sanitiser writes.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn html(source: &str) -> String {
        to_safe_html(&Source::parse(source).unwrap()).to_string()
    }

    #[test]
    fn markdown_and_html_are_read() {
        assert_snapshot!(html("**Gooal!** 1–0, says [the board](https://example.org/a?b=1&c=2)."),
            @r#"<p><strong>Gooal!</strong> 1–0, says <a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">the board</a>.</p>"#);
        assert_snapshot!(html("A <b>bold</b> claim\n\n<figure><img src=\"/a.png\" alt=\"A\"></figure>"),
            @r#"
        <p>A <b>bold</b> claim</p>
        <figure><img src="/a.png" alt="A" loading="lazy"></figure>
        "#);
    }

    #[test]
    fn what_could_act_is_taken_out() {
        for (source, kept) in [
            ("<script>alert(1)</script>hello", "hello"),
            (
                "<img src=x onerror=alert(1)>",
                r#"<img src="x" loading="lazy">"#,
            ),
            (
                "[x](javascript:alert(1))",
                r#"<p><a rel="noopener noreferrer">x</a></p>"#,
            ),
            (
                "<a href='jav&#x09;ascript:alert(1)'>x</a>",
                r#"<p><a rel="noopener noreferrer">x</a></p>"#,
            ),
            ("<iframe src='https://example.org'></iframe>after", "after"),
            (
                "<div style='position:fixed' id=live-updates class=x>y</div>",
                "<div>y</div>",
            ),
            ("<svg><script>alert(1)</script></svg>", "<p></p>"),
            (
                "<a href='data:text/html,x'>x</a>",
                r#"<p><a rel="noopener noreferrer">x</a></p>"#,
            ),
            ("<form action=/logout><button>x</button></form>", "x"),
            ("</article></div><p>out", "<p>out</p>"),
        ] {
            assert_eq!(html(source).trim(), kept, "{source}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_known() {
        let visible = |source| to_safe_html(&Source::parse(source).unwrap()).is_visible();
        assert!(visible("a") && visible("![](/a.png)"));
        assert!(!visible("<svg><script>alert(1)</script></svg>") && !visible("<script>a</script>"));
    }

    #[test]
    fn the_words_alone() {
        let safe = to_safe_html(&Source::parse("# A\n\nB &amp; <i>c</i> < d").unwrap());
        assert_eq!(safe.plain_text(80), "A B & c < d");
        assert_eq!(safe.plain_text(4), "A B…");
        let safe = to_safe_html(&Source::parse("**Goal**! *He* s<b>co</b>res<br>again").unwrap());
        assert_eq!(safe.plain_text(80), "Goal! He scores again");
    }

    proptest! {
        #[test]
        fn a_region_stands_around_a_whole_table(source in "(<table|</table>|<td>|<img alt=[\"']|[\"'>| -]|a|\n){1,40}") {
            if let Ok(source) = Source::parse(&source) {
                let safe = to_safe_html(&source);
                let unwrapped = safe.as_str().matches("<div class=\"table\"").count();
                let again = ammonia::clean(safe.as_str());
                prop_assert_eq!(again.matches("<div>").count(), unwrapped, "{}", safe);
            }
        }

        #[test]
        fn no_text_makes_it_panic_or_leaves_a_handler(source in ".{1,200}") {
            if let Ok(source) = Source::parse(&source) {
                let safe = to_safe_html(&source);
                prop_assert!(!safe.as_str().to_lowercase().contains("<script"));
                safe.plain_text(20);
            }
        }
    }
}
