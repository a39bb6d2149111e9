//! From what an author wrote to what a reader's browser may be given.

mod limits;
mod markdown;
mod parse_budget;
mod plain_text;
mod tables;

use std::{fmt, sync::LazyLock};

use domain::{Invalid, Source};

use limits::{Exceeded, MAX_BYTES};

/// How long an excerpt is at most, in characters: what a search engine or a preview shows of it.
const EXCERPT: usize = 200;

/// HTML that can do nothing but be read. Only the sanitiser makes one, and only one of these may
/// reach a page as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeHtml {
    html: String,
    /// Its first words.
    excerpt: String,
}

impl SafeHtml {
    /// What the database kept of an earlier [`to_safe_html`]. An update of an older release has no
    /// excerpt; it is made now.
    pub(crate) fn stored(html: String, excerpt: String) -> Self {
        if excerpt.is_empty() {
            return Self::of(html);
        }
        Self { html, excerpt }
    }

    fn of(html: String) -> Self {
        let excerpt = plain_text::plain_text(&html, EXCERPT);
        Self { html, excerpt }
    }

    /// The HTML itself.
    pub fn as_str(&self) -> &str {
        &self.html
    }

    /// Its first words, as they are stored beside it.
    pub(crate) fn stored_excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Whether a reader sees anything of it.
    pub fn is_visible(&self) -> bool {
        let media = ["<img ", "<video ", "<audio ", "<hr"];
        media.iter().any(|tag| self.html.contains(tag)) || !self.excerpt.is_empty()
    }

    /// Its first words on one line, without markup: at most `longest` characters, and never more
    /// than 200. The last of them is `…` if more follows.
    pub fn excerpt(&self, longest: usize) -> String {
        plain_text::cut(&self.excerpt, longest)
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

/// Reads `source` as Markdown (`CommonMark` with tables and strike-through), in which HTML may stand,
/// and keeps of it what is safe: no scripts, no handlers, no styles, no ids, no addresses but those
/// of the web, mail and telephone. Tables stand in regions that the keyboard can scroll.
///
/// It may take tens of milliseconds: call it through [`crate::Newsroom::render_markdown`].
///
/// # Errors
/// If the text nests too deeply, or becomes too many elements or too much HTML, with a sentence for
/// its author. Neither parser does more work than these bounds allow.
pub fn to_safe_html(source: &Source) -> Result<SafeHtml, Invalid> {
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
    let html = markdown::to_html(source.as_str())?;
    parse_budget::check(&html)?;
    let safe = SANITISER.clean(&html).to_string();
    let safe = tables::accessible(safe.trim_end());
    if safe.len() > MAX_BYTES {
        return Err(Exceeded::Bytes.into());
    }
    Ok(SafeHtml::of(safe))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::{
        limits::{MAX_DEPTH, MAX_ELEMENTS},
        *,
    };

    fn safe(source: &str) -> SafeHtml {
        to_safe_html(&Source::parse(source).unwrap()).unwrap()
    }

    fn html(source: &str) -> String {
        safe(source).to_string()
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
        let visible = |source| safe(source).is_visible();
        assert!(visible("a") && visible("![](/a.png)"));
        assert!(!visible("<svg><script>alert(1)</script></svg>") && !visible("<script>a</script>"));
    }

    #[test]
    fn the_words_alone() {
        let html = safe("# A\n\nB &amp; <i>c</i> < d");
        assert_eq!(html.excerpt(80), "A B & c < d");
        assert_eq!(html.excerpt(4), "A B…");
        let html = safe("**Goal**! *He* s<b>co</b>res<br>again");
        assert_eq!(html.excerpt(80), "Goal! He scores again");
    }

    /// Formatting elements of which no two are the same: each is opened again by itself.
    fn different_tags(count: usize) -> String {
        (0..count).fold(String::new(), |tags, n| format!("{tags}<b a{n}>"))
    }

    /// Few pieces, each many times: what parsers do more than their share of work for.
    fn hostile() -> impl Strategy<Value = String> {
        const PIECES: &[&str] = &[
            "- ",
            "> ",
            ">",
            "1. ",
            "+ ",
            "  ",
            "\t",
            "\n",
            "\n\n",
            "x",
            "*",
            "_a",
            "**",
            "`",
            "[",
            "](a)",
            "![",
            "|",
            "a|b\n-|-\n",
            "a|",
            "<",
            "&",
            "\"",
            "<b>",
            "</b>",
            "<i>",
            "</i>",
            "<a href=x>",
            "</a>",
            "<p>",
            "<p>x",
            "</p>",
            "<div>",
            "</div>",
            "<ul><li>",
            "<table>",
            "<td>",
            "<tr>",
            "</table>",
            "<template>",
            "<svg>",
            "<math><mi>",
            "<select><option>",
            "<button>",
            "<nobr>",
            "<marquee>",
            "<font color=n>",
            "<!--",
            "-->",
            "<script>",
            "<h1>",
            "<br>",
            "<img src=a>",
        ];
        let different = (1..400_usize).prop_map(different_tags);
        let piece = prop::sample::select(PIECES).prop_map(str::to_owned);
        let run = prop_oneof![8 => piece, 1 => different, 1 => "[a-z<>/= ]{1,20}"];
        let runs = prop::collection::vec((run, prop_oneof![1..5_usize, 1..3_000_usize]), 1..8);
        runs.prop_map(|runs| {
            let text: String = runs.iter().map(|(piece, n)| piece.repeat(*n)).collect();
            text.chars().take(Source::MAX).collect()
        })
    }

    /// How many elements stand inside each other in `html` at most, which the sanitiser wrote.
    fn depth(html: &str) -> usize {
        let (mut depth, mut most) = (0_usize, 0);
        let mut rest = html;
        while let Some((_, tag, after)) = tables::next_tag(rest) {
            let void = ["<br>", "<hr>", "<wbr>", "<img", "<source", "<col>", "<col "];
            if tag.starts_with("</") {
                depth -= 1;
            } else if !void.iter().any(|name| tag.starts_with(name)) {
                depth += 1;
                most = most.max(depth);
            }
            rest = after;
        }
        most
    }

    #[test]
    fn formatting_that_every_paragraph_opens_again_is_refused() {
        let tags = different_tags(400);
        let source = format!("<p>{tags}</p>{}", "<p>x".repeat(400));
        let refused = to_safe_html(&Source::parse(&source).unwrap()).unwrap_err();
        assert_eq!(refused.field, "source");
        assert!(refused.message.contains("close HTML tags"), "{refused}");
    }

    #[test]
    fn deep_nesting_is_refused_with_what_to_do() {
        for source in [
            "- ".repeat(20_000) + "x",
            ">".repeat(8_000),
            "<div>".repeat(60),
        ] {
            let refused = to_safe_html(&Source::parse(&source).unwrap()).unwrap_err();
            assert_eq!(
                refused.message,
                "This text nests quotes, lists or HTML elements too deeply: 50 levels are the most. \
                 Remove some of the levels, or close HTML tags that are still open."
            );
        }
    }

    #[test]
    fn a_long_plain_text_is_taken() {
        let words = "Forty-five minutes gone, and still no goal. ".repeat(1_100);
        assert!(safe(&words).as_str().len() > 45_000);
        let list = "- one more of many\n".repeat(2_400);
        assert_eq!(safe(&list).as_str().matches("<li>").count(), 2_400);
    }

    proptest! {
        // Each case may be a text of the full length.
        #![proptest_config(ProptestConfig::with_cases(100))]

        // Counts and never times: what is refused early is what would take long.
        #[test]
        fn a_hostile_text_is_refused_or_stays_within_the_bounds(source in hostile()) {
            let Ok(source) = Source::parse(&source) else { return Ok(()) };
            let Ok(safe) = to_safe_html(&source) else { return Ok(()) };
            prop_assert!(safe.as_str().len() <= MAX_BYTES);
            let tags = safe.as_str().matches('<').count();
            let closing = safe.as_str().matches("</").count();
            prop_assert!(tags - closing <= MAX_ELEMENTS, "{} elements", tags - closing);
            prop_assert!(depth(safe.as_str()) <= MAX_DEPTH + 1, "{}", depth(safe.as_str()));
            prop_assert!(safe.excerpt(EXCERPT).chars().count() <= EXCERPT);
        }
    }

    proptest! {
        #[test]
        fn a_region_stands_around_a_whole_table(source in "(<table|</table>|<td>|<img alt=[\"']|[\"'>| -]|a|\n){1,40}") {
            if let Ok(source) = Source::parse(&source) {
                let Ok(safe) = to_safe_html(&source) else { return Ok(()) };
                let unwrapped = safe.as_str().matches("<div class=\"table\"").count();
                let again = ammonia::clean(safe.as_str());
                prop_assert_eq!(again.matches("<div>").count(), unwrapped, "{}", safe);
            }
        }

        #[test]
        fn no_text_makes_it_panic_or_leaves_a_handler(source in ".{1,200}") {
            if let Ok(source) = Source::parse(&source) {
                let Ok(safe) = to_safe_html(&source) else { return Ok(()) };
                prop_assert!(!safe.as_str().to_lowercase().contains("<script"));
                safe.excerpt(20);
            }
        }
    }
}
