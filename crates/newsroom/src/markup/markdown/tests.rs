use super::*;

fn html(source: &str) -> Result<String, Exceeded> {
    to_html(source)
        .map(|(html, _)| html)
        .map_err(|error| error.bound)
}

#[test]
fn containers_opened_by_a_line_are_counted() {
    for (line, count) in [
        ("", 0),
        ("text - and > more", 0),
        ("- a", 1),
        ("-a", 0),
        ("> > - 1. 2) * + a", 7),
        (">>>a", 3),
        ("  -\t>a", 2),
        ("- - - -", 0),
        ("* * a", 2),
        ("> - - -", 1),
        ("2026 was", 0),
        ("-", 0),
        ("+ + +", 3),
    ] {
        assert_eq!(markers(line), count, "{line:?}");
    }
}

#[test]
fn long_thematic_break_is_not_nesting() {
    assert_eq!(html(&"- ".repeat(1_000)), Ok("<hr />\n".to_owned()));
    assert_eq!(html(&"* ".repeat(1_000)), Ok("<hr />\n".to_owned()));
}

#[test]
fn nesting_is_limited() {
    let deep = |n: usize| "> ".repeat(n) + "a";
    // The paragraph is also a level.
    assert!(html(&deep(MAX_DEPTH - 1)).is_ok());
    assert_eq!(html(&deep(MAX_DEPTH)), Err(Exceeded::Depth));
    assert_eq!(html(&deep(20_000)), Err(Exceeded::Depth));
    let by_indentation = (0..60).fold(String::new(), |text, n| {
        format!("{text}{}- a\n", "  ".repeat(n))
    });
    assert_eq!(html(&by_indentation), Err(Exceeded::Depth));
}

#[test]
fn elements_are_limited() {
    assert_eq!(
        html(&"a\n\n".repeat(MAX_ELEMENTS + 1)),
        Err(Exceeded::Elements)
    );
    let wide = format!(
        "{}\n{}\n{}",
        "a|".repeat(200),
        "-|".repeat(200),
        "a|\n".repeat(100)
    );
    assert_eq!(
        html(&wide),
        Err(Exceeded::Elements),
        "rows are filled up with cells"
    );
}

#[test]
fn rejection_names_the_line() {
    let line = |source: &str| to_html(source).unwrap_err().line;
    assert_eq!(line(&format!("a\n\n{}b", "> ".repeat(60))), Some(3));
    assert_eq!(line(&format!("a\n{}b", "> ".repeat(600))), Some(2));
    assert_eq!(
        line(&"a\n\n".repeat(MAX_ELEMENTS + 1)),
        Some(2 * MAX_ELEMENTS + 1)
    );
}

#[test]
fn each_extension_is_active() {
    for (source, expected) in [
        // Hard breaks.
        ("GK Able\nDF Baker", "<p>GK Able<br />\nDF Baker</p>\n"),
        // Automatic links, without the bracket and the full stop.
        (
            "See https://example.org/a_very/long_path?x=1&y=2 (PDF).",
            "<p>See <a href=\"https://example.org/a_very/long_path?x=1&amp;y=2\">https://example.org/a_very/long_path?x=1&amp;y=2</a> (PDF).</p>\n",
        ),
        (
            "(https://example.org/a).",
            "<p>(<a href=\"https://example.org/a\">https://example.org/a</a>).</p>\n",
        ),
        (
            "Mail desk@example.org or <ann@example.org>.",
            "<p>Mail <a href=\"mailto:desk@example.org\">desk@example.org</a> or <a href=\"mailto:ann@example.org\">ann@example.org</a>.</p>\n",
        ),
        // Emphasis without spaces around it.
        (
            "速報：**「延長戦」**に入りました。",
            "<p>速報：<strong>「延長戦」</strong>に入りました。</p>\n",
        ),
        (
            "比分改为**二比一。**比赛继续。",
            "<p>比分改为<strong>二比一。</strong>比赛继续。</p>\n",
        ),
        (
            "경기는 **연장(30분)**으로 갑니다.",
            "<p>경기는 <strong>연장(30분)</strong>으로 갑니다.</p>\n",
        ),
        ("~~2–0~~", "<p><del>2–0</del></p>\n"),
        (
            "a|b\n-:|:-:\n1|2",
            "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n<th align=\"center\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">1</td>\n<td align=\"center\">2</td>\n</tr>\n</tbody>\n</table>\n",
        ),
        (
            "- [x] done\n- [ ] open",
            "<ul>\n<li class=\"task\">☑ done</li>\n<li class=\"task\">☐ open</li>\n</ul>\n",
        ),
        // Numbers of lists, levels of headings, and the first line's indentation.
        (
            "2. Bundesliga",
            "<ol start=\"2\">\n<li>Bundesliga</li>\n</ol>\n",
        ),
        ("# BREAKING\n\n###### x", "<h3>BREAKING</h3>\n<h4>x</h4>\n"),
        (
            "    06:10 gates\n    07:00 start",
            "<pre><code>06:10 gates\n07:00 start\n</code></pre>\n",
        ),
        // Not extensions.
        (
            "++a++ ==b== ~c $1$ :smile: [[d]]",
            "<p>++a++ ==b== ~c $1$ :smile: [[d]]</p>\n",
        ),
    ] {
        assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn text_in_brackets_is_kept() {
    for (source, expected) in [
        (
            "Reply from <Firstname Lastname> of the <press office>: no.",
            "<p>Reply from &lt;Firstname Lastname&gt; of the &lt;press office&gt;: no.</p>\n",
        ),
        ("Votes: A<B, C>D", "<p>Votes: A&lt;B, C&gt;D</p>\n"),
        (
            "x <y and y> z, 1 < 2",
            "<p>x &lt;y and y&gt; z, 1 &lt; 2</p>\n",
        ),
        // Alone on a line, they would hide the Markdown below.
        (
            "<Firstname Lastname>\n**no comment**\nmore",
            "<p>&lt;Firstname Lastname&gt;<br />\n<strong>no comment</strong><br />\nmore</p>\n",
        ),
        (
            "> </office>\n> **a**\n\n<x>\n*b*",
            "<blockquote>\n<p>&lt;/office&gt;<br />\n<strong>a</strong></p>\n</blockquote>\n<p>&lt;x&gt;<br />\n<em>b</em></p>\n",
        ),
        (
            "[Reuters]: *confirmed*",
            "<p>[Reuters]: <em>confirmed</em></p>\n",
        ),
        (
            "- [Source]: https://example.org/a",
            "<ul>\n<li>[Source]: <a href=\"https://example.org/a\">https://example.org/a</a></li>\n</ul>\n",
        ),
        (
            "From [Reuters].\n\n[reuters]: https://example.org/a",
            "<p>From <a href=\"https://example.org/a\">Reuters</a>.</p>\n",
        ),
        ("```\n[a]: b\n```", "<pre><code>[a]: b\n</code></pre>\n"),
        (
            "<script> is *bad*",
            "<p>&lt;script&gt; is <em>bad</em></p>\n",
        ),
        ("<!Note *to* all>", "<p>&lt;!Note <em>to</em> all&gt;</p>\n"),
        ("<!-- *open*", "<p>&lt;!-- <em>open</em></p>\n"),
        (
            "`<x>` and\n\n```\n<x>\n```",
            "<p><code>&lt;x&gt;</code> and</p>\n<pre><code>&lt;x&gt;\n</code></pre>\n",
        ),
    ] {
        assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn open_element_is_closed_at_the_end_of_its_paragraph() {
    for (source, expected) in [
        (
            "We need <b>\n\nmore",
            "<p>We need <b></b></p>\n<p>more</p>\n",
        ),
        (
            "<b>*a* <i>b\n\nc",
            "<p><b><em>a</em> <i>b</i></b></p>\n<p>c</p>\n",
        ),
        (
            "<div>\n\n*a*\n\n</div>",
            "<div>\n<p><em>a</em></p>\n</div>\n",
        ),
    ] {
        assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
    }
}
