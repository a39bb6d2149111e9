//! Markdown to HTML, within bounds: what is counted are the nodes of the parsed text, before the HTML of
//! them is written.

use std::{borrow::Cow, cell::Cell, fmt::Write as _};

use comrak::{
    Arena, Node, Options,
    arena_tree::NodeEdge,
    create_formatter,
    nodes::{LineColumn, NodeHtmlBlock, NodeValue},
    try_parse_document,
};

use super::{
    authored, footnotes,
    limits::{Exceeded, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_MARKERS, MAX_STEPS, TooMuch},
    policy,
    removed::Removed,
    tags::{is_doctype, name_of},
};

/// How often a text is parsed again because a tag that is none hid what follows it.
const ROUNDS: usize = 3;

/// The HTML that `source` says, and what its author typed and it doesn't hold. It is not yet safe.
///
/// # Errors
/// The bound that is exceeded, and where.
pub fn to_html(source: &str) -> Result<(String, Removed), TooMuch> {
    check_markers(source)?;
    let mut text = Cow::Borrowed(source);
    for round in 0.. {
        let arena = Arena::new();
        let root = parse(&arena, &text)?;
        let brackets = hiding_brackets(root, &text);
        if brackets.is_empty() || round == ROUNDS {
            return write(&arena, root);
        }
        text = Cow::Owned(with_backslashes(&text, &brackets));
    }
    unreachable!("the last round returns")
}

/// GitHub's Markdown, and what people who type fast mean: a line end ends a line, an address is a link.
fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.cjk_friendly_emphasis = true;
    options.extension.footnotes = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    // Those that nothing refers to are shown as they were typed.
    options.parse.leave_footnote_definitions = true;
    options.render.hardbreaks = true;
    // The author's HTML was looked through before, and the sanitiser comes after.
    options.render.r#unsafe = true;
    options
}

fn parse<'a>(arena: &'a Arena<'a>, text: &str) -> Result<Node<'a>, TooMuch> {
    let asked = Cell::new(0);
    let is_too_long = || {
        asked.set(asked.get() + 1);
        asked.get() > MAX_STEPS
    };
    let root = try_parse_document(arena, text, &options(), &is_too_long)
        .map_err(|_| Exceeded::Elements)?;
    check_nodes(root)?;
    Ok(root)
}

fn write<'a>(arena: &'a Arena<'a>, root: Node<'a>) -> Result<(String, Removed), TooMuch> {
    footnotes::number(arena, root);
    let removed = authored::keep_allowed(arena, root);
    let mut html = String::new();
    WithTasks::format_document(root, &options(), &mut html).map_err(|_| Exceeded::Bytes)?;
    // Quotation marks are written in six bytes here, and in one in the end.
    if html.len() > 2 * MAX_BYTES {
        return Err(Exceeded::Bytes.into());
    }
    Ok((html, removed))
}

create_formatter!(WithTasks, {
    // A check box that nobody can check, and that has no name, would only be in the way.
    NodeValue::TaskItem(ref task) => |context, entering| {
        if entering {
            let sign = if task.symbol.is_some() { '☑' } else { '☐' };
            write!(context, "<li class=\"task\">{sign} ")?;
        } else {
            writeln!(context, "</li>")?;
        }
    },
});

/// Where a `<` stands that begins a block of HTML and is none: a tag of no element, or one that has no end
/// and would hide all that follows.
fn hiding_brackets(root: Node<'_>, text: &str) -> Vec<usize> {
    let line_starts: Vec<_> = [0]
        .into_iter()
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let blocks = root.descendants().filter_map(|node| {
        let data = node.data();
        let NodeValue::HtmlBlock(block) = &data.value else {
            return None;
        };
        let LineColumn { line, column } = data.sourcepos.start;
        let from = line_starts.get(line.checked_sub(1)?)? + column.checked_sub(1)?;
        let at = from + text.get(from..)?.find('<')?;
        hides(block).then_some(at)
    });
    blocks.collect()
}

fn hides(block: &NodeHtmlBlock) -> bool {
    let html = block.literal.to_ascii_lowercase();
    match block.block_type {
        1 => {
            let is_code = !html.trim_start().starts_with("<pre");
            let ends = ["</script>", "</style>", "</textarea>", "</pre>"];
            is_code && !ends.iter().any(|end| html.contains(end))
        }
        2 => !html.contains("-->"),
        3 => !html.contains("?>"),
        4 => !is_doctype(html.trim_start()) || !html.contains('>'),
        5 => !html.contains("]]>"),
        7 => !policy::is_html(&name_of(html.trim_start())),
        _ => false,
    }
}

fn with_backslashes(text: &str, places: &[usize]) -> String {
    let mut escaped = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for &at in places {
        escaped.push_str(&text[from..at]);
        escaped.push('\\');
        from = at;
    }
    escaped.push_str(&text[from..]);
    escaped
}

/// The parser looks through all open containers at each line.
fn check_markers(source: &str) -> Result<(), TooMuch> {
    match source.lines().position(|line| markers(line) > MAX_MARKERS) {
        None => Ok(()),
        Some(at) => Err(TooMuch {
            bound: Exceeded::Depth,
            line: Some(at + 1),
        }),
    }
}

/// Counts the elements that a text will become, and how deep they stand in each other.
fn check_nodes(root: Node<'_>) -> Result<(), TooMuch> {
    let (mut depth, mut elements) = (0_usize, 0_usize);
    for edge in root.traverse() {
        let node = match edge {
            NodeEdge::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            NodeEdge::Start(node) => node,
        };
        let data = node.data();
        let is_element = !matches!(
            data.value,
            NodeValue::Document
                | NodeValue::Text(_)
                | NodeValue::HtmlInline(_)
                | NodeValue::HtmlBlock(_)
        );
        depth += 1;
        elements += usize::from(is_element);
        // The document is a level, too.
        let bound = if depth - 1 > MAX_DEPTH + usize::from(!is_element) {
            Exceeded::Depth
        } else if elements > MAX_ELEMENTS {
            Exceeded::Elements
        } else {
            continue;
        };
        let line = Some(data.sourcepos.start.line);
        return Err(TooMuch { bound, line });
    }
    Ok(())
}

/// How many containers a line opens at most. A rule (`- - -`) opens none.
fn markers(line: &str) -> usize {
    let rule = rule_start(line);
    let mut count = 0;
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if line.len() - rest.len() >= rule {
            return count;
        }
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = if after.len() < rest.len() {
            after.strip_prefix(['.', ')'])
        } else if let Some(quoted) = rest.strip_prefix('>') {
            rest = quoted;
            count += 1;
            continue;
        } else {
            rest.strip_prefix(['-', '+', '*'])
        };
        match bare {
            Some(item) if item.is_empty() || item.starts_with([' ', '\t']) => {
                rest = item;
                count += 1;
            }
            _ => return count,
        }
    }
}

/// Where the rule at the end of a line begins: only one of `-` and `*`, and blanks, follow.
fn rule_start(line: &str) -> usize {
    let blank = [' ', '\t'];
    match line.trim_end_matches(blank).chars().next_back() {
        Some(mark @ ('-' | '*')) => line
            .trim_end_matches(|c| c == mark || blank.contains(&c))
            .len(),
        _ => line.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> Result<String, Exceeded> {
        to_html(source)
            .map(|(html, _)| html)
            .map_err(|error| error.bound)
    }

    #[test]
    fn containers_that_a_line_opens_are_counted() {
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
    fn a_long_rule_is_no_nesting() {
        assert_eq!(html(&"- ".repeat(1_000)), Ok("<hr />\n".to_owned()));
        assert_eq!(html(&"* ".repeat(1_000)), Ok("<hr />\n".to_owned()));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |n: usize| "> ".repeat(n) + "a";
        // The paragraph is one level, too.
        assert!(html(&deep(MAX_DEPTH - 1)).is_ok());
        assert_eq!(html(&deep(MAX_DEPTH)), Err(Exceeded::Depth));
        assert_eq!(html(&deep(20_000)), Err(Exceeded::Depth));
        let by_indentation = (0..60).fold(String::new(), |text, n| {
            format!("{text}{}- a\n", "  ".repeat(n))
        });
        assert_eq!(html(&by_indentation), Err(Exceeded::Depth));
    }

    #[test]
    fn elements_are_bounded() {
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
    fn a_refusal_names_the_line() {
        let line = |source: &str| to_html(source).unwrap_err().line;
        assert_eq!(line(&format!("a\n\n{}b", "> ".repeat(60))), Some(3));
        assert_eq!(line(&format!("a\n{}b", "> ".repeat(600))), Some(2));
        assert_eq!(
            line(&"a\n\n".repeat(MAX_ELEMENTS + 1)),
            Some(2 * MAX_ELEMENTS + 1)
        );
    }

    #[test]
    fn each_extension_does_what_it_is_for() {
        for (source, expected) in [
            // Hard breaks.
            ("GK Able\nDF Baker", "<p>GK Able<br />\nDF Baker</p>\n"),
            // Links of bare addresses, without the bracket and the full stop.
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
            ("# BREAKING\n\n###### x", "<h3>BREAKING</h3>\n<h6>x</h6>\n"),
            (
                "    06:10 doors\n    07:00 start",
                "<pre><code>06:10 doors\n07:00 start\n</code></pre>\n",
            ),
            // What is no extension.
            (
                "++a++ ==b== ~c $1$ :smile: [[d]]",
                "<p>++a++ ==b== ~c $1$ :smile: [[d]]</p>\n",
            ),
        ] {
            assert_eq!(html(source).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn words_in_brackets_stay_and_are_markdown() {
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
            // Alone in their line, they would hide the Markdown below.
            (
                "<Firstname Lastname>\n**no comment**\nmore",
                "<p>&lt;Firstname Lastname&gt;<br />\n<strong>no comment</strong><br />\nmore</p>\n",
            ),
            (
                "> </office>\n> **a**\n\n<x>\n*b*",
                "<blockquote>\n<p>&lt;/office&gt;<br />\n<strong>a</strong></p>\n</blockquote>\n<p>&lt;x&gt;<br />\n<em>b</em></p>\n",
            ),
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
    fn an_element_that_stays_open_ends_with_its_paragraph() {
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
}
