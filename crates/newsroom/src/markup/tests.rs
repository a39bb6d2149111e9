use insta::assert_snapshot;
use proptest::prelude::*;

use super::{
    limits::{MAX_DEPTH, MAX_ELEMENTS},
    *,
};

fn rendered(source: &str) -> Rendered {
    to_safe_html(&Source::parse(source).unwrap()).unwrap()
}

fn safe(source: &str) -> SafeHtml {
    rendered(source).html
}

fn html(source: &str) -> String {
    safe(source).to_string()
}

#[test]
fn markdown_and_html_are_read() {
    assert_snapshot!(html("**Gooal!** 1–0, says [the board](https://example.org/a?b=1&c=2)."),
        @r#"<p dir="auto"><strong>Gooal!</strong> 1–0, says <a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">the board</a>.</p>"#);
    assert_snapshot!(html("A <b>bold</b> claim\n\n<figure><img src=\"/a.png\" alt=\"A\"></figure>"),
        @r#"
    <p dir="auto">A <b>bold</b> claim</p>
    <figure dir="auto"><img src="/a.png" alt="A" loading="lazy"></figure>
    "#);
}

#[test]
fn what_could_act_is_taken_out() {
    for (source, kept) in [
        ("<script>alert(1)</script>hello", "hello"),
        ("<img src=x onerror=alert(1)>", ""),
        ("[x](javascript:alert(1))", r#"<p dir="auto">x</p>"#),
        (
            "<a href='jav&#x09;ascript:alert(1)'>x</a>",
            r#"<p dir="auto"><a rel="noopener noreferrer">x</a></p>"#,
        ),
        (
            "<iframe src='https://example.org'></iframe>after",
            r#"<a href="https://example.org" rel="noopener noreferrer">https://example.org</a>after"#,
        ),
        (
            "<div style='position:fixed' id=live-updates class=x>y</div>",
            r#"<div dir="auto">y</div>"#,
        ),
        ("<svg><script>alert(1)</script></svg>", ""),
        (
            "<a href='data:text/html,x'>x</a>",
            r#"<p dir="auto"><a rel="noopener noreferrer">x</a></p>"#,
        ),
        ("<form action=/logout><button>x</button></form>", "x"),
        ("</article></div><p>out", "<p dir=\"auto\">out\n</p>"),
        ("<object data='javascript:alert(1)'>x</object>", ""),
        (
            "<noscript><p title='</noscript><img src=/x onerror=alert(1)>'>",
            r#"<p dir="auto">&lt;noscript&gt;</p><p title="&lt;/noscript&gt;&lt;img src=/x onerror=alert(1)&gt;" dir="auto"></p>"#,
        ),
    ] {
        assert_eq!(html(source).trim(), kept, "{source}");
    }
}

#[test]
fn what_cannot_be_seen_is_known() {
    for source in [
        "&#8203;",
        "&shy;&nbsp;",
        "&#x3164;",
        "![](data:image/png;base64,iVBORw0KGgo=)",
        "![](nothing.png)",
        "<img alt=\"\">",
        "<video></video>",
        "<video src=x></video>",
        "<b></b>",
        "<br>",
        "[](http://x)",
        "<!-- c -->",
        "<svg><script>alert(1)</script></svg>",
        "<script>a</script>",
    ] {
        assert!(!safe(source).is_visible(), "{source}: {}", safe(source));
    }
    for source in [
        "a",
        "![](/a.png)",
        "<video src=/a.mp4></video>",
        "<audio><source src=/a.mp3></audio>",
        "***",
        "<iframe src=https://example.org></iframe>",
    ] {
        assert!(safe(source).is_visible(), "{source}");
    }
}

#[test]
fn an_embedded_page_is_a_link_and_is_named() {
    let source = "Watch: <iframe src=\"https://www.youtube.com/embed/XXXXXXXXXXX\" title=\"The goal\" width=\"560\"></iframe> and judge.";
    let Rendered { html, removed } = rendered(source);
    assert_snapshot!(html, @r#"<p dir="auto">Watch: <a href="https://www.youtube.com/embed/XXXXXXXXXXX" rel="noopener noreferrer">The goal</a> and judge.</p>"#);
    assert_eq!(removed, ["iframe youtube.com"]);
    let source = "<blockquote class=\"twitter-tweet\"><p lang=\"en\">Full time</p>&mdash; A. Name <a href=\"https://twitter.com/a/status/1\">date</a></blockquote><script async src=\"https://platform.twitter.com/widgets.js\"></script>";
    let Rendered { html, removed } = rendered(source);
    assert_snapshot!(html, @r#"<blockquote dir="auto"><p lang="en" dir="auto">Full time</p>— A. Name <a href="https://twitter.com/a/status/1" rel="noopener noreferrer">date</a></blockquote>"#);
    assert_eq!(removed, ["attribute class", "script platform.twitter.com"]);
}

#[test]
fn footnotes_are_numbered_and_none_is_lost() {
    assert_snapshot!(html("Turnout is 61 per cent.[^1] So far.[^b][^1]\n\n[^1]: Reuters\n[^b]: Statement of the *returning officer*\n[^c]: Unused"), @r##"
    <p dir="auto">Turnout is 61 per cent.<sup class="footnote-ref"><a href="#fn-1" id="fnref-1" rel="noopener noreferrer">1</a></sup> So far.<sup class="footnote-ref"><a href="#fn-2" id="fnref-2" rel="noopener noreferrer">2</a></sup><sup class="footnote-ref"><a href="#fn-1" id="fnref-1-2" rel="noopener noreferrer">1</a></sup></p>
    <p dir="auto">[^c]: Unused</p>
    <section class="footnotes" dir="auto">
    <ol dir="auto">
    <li id="fn-1" dir="auto">
    <p dir="auto">Reuters <a href="#fnref-1" class="footnote-backref" aria-label="Back to reference 1" rel="noopener noreferrer">↩</a> <a href="#fnref-1-2" class="footnote-backref" aria-label="Back to reference 1-2" rel="noopener noreferrer">↩<sup class="footnote-ref">2</sup></a></p>
    </li>
    <li id="fn-2" dir="auto">
    <p dir="auto">Statement of the <em>returning officer</em> <a href="#fnref-2" class="footnote-backref" aria-label="Back to reference 2" rel="noopener noreferrer">↩</a></p>
    </li>
    </ol>
    </section>
    "##);
    assert_snapshot!(html("No such note.[^2]"), @r#"<p dir="auto">No such note.[^2]</p>"#);
}

#[test]
fn footnotes_of_two_places_have_ids_of_their_own() {
    let html = safe("a[^1]\n\n[^1]: b");
    let (first, second) = (html.in_place("update-1"), html.in_place("update-2"));
    for id in ["fn-1", "fnref-1"] {
        assert!(first.contains(&format!("id=\"update-1-{id}\"")), "{first}");
        assert!(
            first.contains(&format!("href=\"#update-1-{id}\"")),
            "{first}"
        );
        assert!(
            second.contains(&format!("id=\"update-2-{id}\"")),
            "{second}"
        );
        assert!(!first.contains(&format!("\"{id}\"")), "{first}");
    }
}

#[test]
fn text_of_right_to_left_scripts_has_its_direction() {
    assert_snapshot!(html("هدف! الأهلي 2–1 في الدقيقة 90+3.\n\n- الأول\n- second\n\n> الثاني"), @r#"
    <p dir="auto">هدف! الأهلي 2–1 في الدقيقة 90+3.</p>
    <ul dir="rtl">
    <li dir="auto">الأول</li>
    <li dir="auto">second</li>
    </ul>
    <blockquote dir="rtl">
    <p dir="auto">الثاني</p>
    </blockquote>
    "#);
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
    (0..count).fold(String::new(), |tags, n| format!("{tags}<b title={n}>"))
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
        let sentence = "This text nests quotes, lists or HTML elements too deeply: 50 levels are the \
             most. Remove some of the levels, or close HTML tags that are still open.";
        let rest = refused.message.strip_prefix(sentence).unwrap();
        // Where it is known in which line of the text that is.
        let line = if source.starts_with('<') {
            ""
        } else {
            " Look at line 1."
        };
        assert_eq!(rest, line);
    }
}

#[test]
fn a_long_plain_text_is_taken() {
    let words = "Forty-five minutes gone, and still no goal. ".repeat(1_100);
    assert!(safe(&words).as_str().len() > 45_000);
    let list = "- one more of many\n".repeat(2_400);
    assert_eq!(
        safe(&list).as_str().matches("<li dir=\"auto\">").count(),
        2_400
    );
}

proptest! {
    // Each case may be a text of the full length.
    #![proptest_config(ProptestConfig::with_cases(100))]

    // Counts and never times: what is refused early is what would take long.
    #[test]
    fn a_hostile_text_is_refused_or_stays_within_the_bounds(source in hostile()) {
        let Ok(source) = Source::parse(&source) else { return Ok(()) };
        let Ok(Rendered { html: safe, .. }) = to_safe_html(&source) else { return Ok(()) };
        prop_assert!(safe.as_str().len() <= MAX_BYTES);
        let tags = safe.as_str().matches('<').count();
        let closing = safe.as_str().matches("</").count();
        prop_assert!(tags - closing <= MAX_ELEMENTS, "{} elements", tags - closing);
        prop_assert!(depth(safe.as_str()) <= MAX_DEPTH + 1, "{}", depth(safe.as_str()));
        prop_assert!(safe.excerpt(EXCERPT).chars().count() <= EXCERPT);
    }
}

/// Pieces of text, and whether something of each is removed.
const PIECES_OF_TEXT: &[(&str, bool)] = &[
    ("word ", false),
    ("**bold** ", false),
    ("1 < 2 & 3 ", false),
    ("<b>b</b> ", false),
    ("<Firstname Lastname> ", false),
    ("https://example.org/a ", false),
    ("[a](/b) ", false),
    ("[c](https://example.org) ", false),
    ("![d](/e.png) ", false),
    ("`<script>` ", false),
    ("\n\n", false),
    ("- item\n", false),
    ("note[^1]\n\n[^1]: Reuters\n\n", false),
    ("a|b\n-|-\n1|2\n\n", false),
    ("<p>p</p>\n\n", false),
    ("<details><summary>s</summary>t</details>\n\n", false),
    ("- [x] done\n", false),
    ("<script>alert(1)</script> ", true),
    ("<iframe src=https://example.org></iframe> ", true),
    ("<form>f</form> ", true),
    ("<b style=x>s</b> ", true),
    ("[r](Reuters) ", true),
    ("![i](data:image/png;base64,AA) ", true),
    ("x<!-- c --> ", true),
    ("<svg><path d=x /></svg> ", true),
];

proptest! {
    #[test]
    fn what_was_removed_is_named_and_nothing_else_is(
        pieces in prop::collection::vec(prop::sample::select(PIECES_OF_TEXT), 1..8)
    ) {
        let source: String = pieces.iter().map(|(text, _)| *text).collect();
        if let Ok(source) = Source::parse(&source) {
            let removed = to_safe_html(&source).unwrap().removed;
            let expected = pieces.iter().any(|(_, removed)| *removed);
            prop_assert_eq!(!removed.is_empty(), expected, "{:?} of {:?}", removed, source);
        }
    }

    #[test]
    fn sanitising_twice_is_sanitising_once(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::sample::select(PIECES_OF_TEXT).prop_map(|(text, _)| text.to_owned()),
                "[<>/a-z=\"' \n*|#-]{1,12}",
                Just("<td>".to_owned()),
                Just("<table>".to_owned()),
                Just("<p>".to_owned()),
                Just("</p>".to_owned()),
                Just("<a href=/x title=y>".to_owned()),
                Just("<div dir=rtl>".to_owned()),
                Just("هدف ".to_owned()),
            ],
            1..10,
        )
    ) {
        if let Ok(source) = Source::parse(&pieces.concat()) {
            let Ok(once) = to_safe_html(&source) else { return Ok(()) };
            let once = once.html.html;
            prop_assert_eq!(sanitised_once(&once), once);
        }
    }

    #[test]
    fn a_text_is_refused_with_its_place_or_is_shown(text in "[ a<>*_#\\[\\]()&;!\n\u{200b}\u{3164}|-]{0,24}") {
        match Source::parse(&text) {
            Err(refused) => prop_assert_eq!(refused.field, "source"),
            Ok(source) => {
                let html = to_safe_html(&source).unwrap().html;
                // What can't be seen is refused where it is posted.
                let letters = text.chars().filter(|c| *c == 'a').count();
                prop_assert!(html.is_visible() || letters == 0 || !html.excerpt.contains('a'), "{}", html);
            }
        }
    }

    #[test]
    fn every_word_is_shown(words in prop::collection::vec("[a-zäß日\u{5d0}]{1,8}", 1..12), signs in prop::collection::vec("[ <>*_#&;!\n|:.(-]{1,3}", 12)) {
        // Words between signs that may mean something to the parsers, and none of which is an element.
        let text: Vec<_> = words.iter().zip(&signs).map(|(word, sign)| format!("w{word}w{sign}")).collect();
        let text = text.concat();
        let source = Source::parse(&text).unwrap();
        let Rendered { html, removed } = to_safe_html(&source).unwrap();
        let shown = plain_text::plain_text(html.as_str(), usize::MAX - 1);
        for word in words {
            let word = format!("w{word}w");
            prop_assert!(shown.contains(&word), "{word} of {text:?} is not in {shown:?}, removed: {removed:?}");
        }
    }

    #[test]
    fn an_excerpt_never_splits_what_readers_take_for_one_character(
        clusters in prop::collection::vec(
            prop::sample::select(&["a", " ", "e\u{301}", "👩\u{200d}👩\u{200d}👧", "🇩🇪", "각", "नि", "🏽", "\u{200d}"][..]),
            1..60,
        ),
        longest in 1..120_usize,
    ) {
        use unicode_segmentation::UnicodeSegmentation as _;

        let text: String = clusters.concat();
        let Ok(source) = Source::parse(&text) else { return Ok(()) };
        let html = to_safe_html(&source).unwrap().html;
        let whole = html.excerpt(EXCERPT);
        let cut = html.excerpt(longest);
        prop_assert!(cut.chars().count() <= longest);
        if let Some(kept) = cut.strip_suffix('…') {
            prop_assert!(whole.starts_with(kept));
            let boundaries: Vec<_> = whole.grapheme_indices(true).map(|(at, _)| at).collect();
            prop_assert!(kept.is_empty() || boundaries.contains(&kept.len()) || whole.len() == kept.len());
        }
    }
}

proptest! {
    #[test]
    fn a_region_stands_around_a_whole_table(source in "(<table|</table>|<td>|<img alt=[\"']|[\"'>| -]|a|\n){1,40}") {
        if let Ok(source) = Source::parse(&source) {
            let Ok(Rendered { html: safe, .. }) = to_safe_html(&source) else { return Ok(()) };
            let regions = safe.as_str().matches("<div class=\"table\"").count();
            let again = ammonia::clean(safe.as_str());
            prop_assert_eq!(again.matches("<div>").count(), regions, "{}", safe);
        }
    }

    #[test]
    fn no_text_makes_it_panic_or_leaves_a_handler(source in ".{1,200}") {
        if let Ok(source) = Source::parse(&source) {
            let Ok(Rendered { html: safe, .. }) = to_safe_html(&source) else { return Ok(()) };
            prop_assert!(!safe.as_str().to_lowercase().contains("<script"));
            safe.excerpt(20);
        }
    }
}
