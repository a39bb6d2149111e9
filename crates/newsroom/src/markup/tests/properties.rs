//! Properties that hold for every text.

use proptest::prelude::*;

use super::{
    super::{
        limits::{MAX_DEPTH, MAX_ELEMENTS},
        *,
    },
    different_tags,
};

/// Generates texts with many repetitions of pieces that are expensive to parse.
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

/// Returns the maximum nesting of elements in sanitized `html`.
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

proptest! {
    // A case may be a text of the maximum length.
    #![proptest_config(ProptestConfig::with_cases(100))]

    // Counts instead of measuring time: texts that would take long are rejected early.
    #[test]
    fn hostile_text_is_rejected_or_within_the_limits(source in hostile()) {
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

/// Pieces of text, and whether a part of each is removed.
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
    fn exactly_the_removed_parts_are_named(
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
    fn sanitizing_is_idempotent(
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
            prop_assert_eq!(sanitized_once(&once), once);
        }
    }

    #[test]
    fn every_word_is_shown_or_named(
        words in prop::collection::vec("[a-zäß日\u{5d0}]{1,8}", 1..12),
        signs in prop::collection::vec("[ <>*_#&;!\n|:.()\\[\\]\"-]{1,3}", 12),
    ) {
        // Words between characters that may be special to the parsers, but form no element.
        let text: Vec<_> = words.iter().zip(&signs).map(|(word, sign)| format!("w{word}w{sign}")).collect();
        let text = text.concat();
        let source = Source::parse(&text).unwrap();
        let Rendered { html, removed } = to_safe_html(&source).unwrap();
        for word in words {
            let word = format!("w{word}w");
            let is_named = removed.iter().any(|what| what.contains(&word));
            prop_assert!(html.as_str().contains(&word) || is_named, "{word} of {text:?} is not in {html}, {removed:?}");
        }
    }

    #[test]
    fn text_is_rejected_with_its_position_or_visible(text in "[ x<>*_#()&;!\n\u{200b}\u{3164}|.-]{0,24}") {
        match Source::parse(&text) {
            Err(refused) => {
                prop_assert_eq!(refused.field, "source");
                prop_assert!(!domain::hygiene::has_visible_char(&text), "{:?}: {}", text, refused);
            }
            // A letter is visible, whatever is around it.
            Ok(source) => {
                let html = to_safe_html(&source).unwrap().html;
                prop_assert!(html.is_visible() || !text.contains('x'), "{text:?} is {html:?}");
            }
        }
    }

    #[test]
    fn excerpt_never_splits_grapheme_clusters(
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
    fn region_contains_a_whole_table(source in "(<table|</table>|<td>|<img alt=[\"']|[\"'>| -]|a|\n){1,40}") {
        if let Ok(source) = Source::parse(&source) {
            let Ok(Rendered { html: safe, .. }) = to_safe_html(&source) else { return Ok(()) };
            let regions = safe.as_str().matches("<div class=\"table\"").count();
            let again = ammonia::clean(safe.as_str());
            prop_assert_eq!(again.matches("<div>").count(), regions, "{}", safe);
        }
    }

    #[test]
    fn no_text_panics_or_keeps_an_event_handler(source in ".{1,200}") {
        if let Ok(source) = Source::parse(&source) {
            let Ok(Rendered { html: safe, .. }) = to_safe_html(&source) else { return Ok(()) };
            prop_assert!(!safe.as_str().to_lowercase().contains("<script"));
            safe.excerpt(20);
        }
    }
}
