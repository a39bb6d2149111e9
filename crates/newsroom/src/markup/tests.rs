mod properties;

use insta::assert_snapshot;

use super::*;

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
fn headings_are_below_the_cards_headline_without_gaps() {
    for (source, expected) in [
        ("# A", "<h3 dir=\"auto\">A</h3>"),
        ("## A", "<h3 dir=\"auto\">A</h3>"),
        (
            "# A\n## B\n# C",
            "<h3 dir=\"auto\">A</h3>\n<h4 dir=\"auto\">B</h4>\n<h3 dir=\"auto\">C</h3>",
        ),
        (
            "## A\n#### B",
            "<h3 dir=\"auto\">A</h3>\n<h4 dir=\"auto\">B</h4>",
        ),
        (
            "# A\n## B\n### C\n#### D\n##### E",
            "<h3 dir=\"auto\">A</h3>\n<h4 dir=\"auto\">B</h4>\n<h5 dir=\"auto\">C</h5>\n<h6 dir=\"auto\">D</h6>\n<h6 dir=\"auto\">E</h6>",
        ),
    ] {
        assert_eq!(safe(source).as_str(), expected, "{source}");
    }
}

#[test]
fn markdown_and_html_are_rendered() {
    assert_snapshot!(html("**Gooal!** 1–0, shows [the board](https://example.org/a?b=1&c=2)."),
        @r#"<p dir="auto"><strong>Gooal!</strong> 1–0, shows <a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">the board</a>.</p>"#);
    assert_snapshot!(html("A <b>bold</b> claim\n\n<figure><img src=\"/a.png\" alt=\"A\"></figure>"),
        @r#"
    <p dir="auto">A <b>bold</b> claim</p>
    <figure dir="auto"><img src="/a.png" alt="A" loading="lazy"></figure>
    "#);
}

#[test]
fn active_content_is_removed() {
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
fn invisible_content_is_recognized() {
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
fn embedded_page_becomes_a_link_and_is_named() {
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
fn footnotes_are_numbered_and_unused_ones_are_shown() {
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
fn footnotes_in_two_places_have_different_ids() {
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
fn right_to_left_text_has_its_direction() {
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
fn excerpt_contains_only_text() {
    let html = safe("# A\n\nB &amp; <i>c</i> < d");
    assert_eq!(html.excerpt(80), "A B & c < d");
    assert_eq!(html.excerpt(4), "A B…");
    let html = safe("**Goal**! *He* s<b>co</b>res<br>again");
    assert_eq!(html.excerpt(80), "Goal! He scores again");
}

/// Returns different formatting elements, each of which the parser reopens.
fn different_tags(count: usize) -> String {
    (0..count).fold(String::new(), |tags, n| format!("{tags}<b title={n}>"))
}

#[test]
fn formatting_reopened_in_every_paragraph_is_rejected() {
    let tags = different_tags(400);
    let source = format!("<p>{tags}</p>{}", "<p>x".repeat(400));
    let refused = to_safe_html(&Source::parse(&source).unwrap()).unwrap_err();
    assert_eq!(refused.field, "source");
    assert!(refused.message.contains("close HTML tags"), "{refused}");
}

#[test]
fn deep_nesting_is_rejected_with_a_remedy() {
    for source in [
        "- ".repeat(20_000) + "x",
        ">".repeat(8_000),
        "<div>".repeat(60),
    ] {
        let refused = to_safe_html(&Source::parse(&source).unwrap()).unwrap_err();
        let sentence = "This text nests quotes, lists or HTML elements too deeply: the limit is 50 \
             levels. Remove some of the levels, or close HTML tags that are still open.";
        let rest = refused.message.strip_prefix(sentence).unwrap();
        // The line is only known for Markdown.
        let line = if source.starts_with('<') {
            ""
        } else {
            " Look at line 1."
        };
        assert_eq!(rest, line);
    }
}

#[test]
fn long_plain_text_is_accepted() {
    let words = "Forty-five minutes gone, and still no goal. ".repeat(1_100);
    assert!(safe(&words).as_str().len() > 45_000);
    let list = "- one more of many\n".repeat(2_400);
    assert_eq!(
        safe(&list).as_str().matches("<li dir=\"auto\">").count(),
        2_400
    );
}
