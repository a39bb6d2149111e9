//! Converts Markdown to HTML. The limits are checked on the parsed nodes, before the HTML is
//! written.

use std::{borrow::Cow, cell::Cell, fmt::Write as _};

use comrak::{
    Arena, Node, Options,
    arena_tree::NodeEdge,
    create_formatter,
    nodes::{LineColumn, NodeHtmlBlock, NodeValue},
    try_parse_document,
};

use super::{
    authored, definitions, elements, footnotes,
    limits::{Exceeded, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_MARKERS, MAX_STEPS, TooMuch},
    removed::Removed,
    tags::{is_doctype, name_of},
};

/// How often a text is parsed again because parts of it would not be shown.
const ROUNDS: usize = 3;

/// Returns the HTML of `source`, which is not safe yet, and what was removed from the author's
/// HTML.
///
/// # Errors
/// Returns the limit that is exceeded, and the line.
pub fn to_html(source: &str) -> Result<(String, Removed), TooMuch> {
    check_markers(source)?;
    let mut text = Cow::Borrowed(source);
    for round in 0.. {
        let arena = Arena::new();
        let root = parse(&arena, &text)?;
        let mut brackets = hiding_brackets(root, &text);
        brackets.extend(definitions::unused(root, &text));
        brackets.sort_unstable();
        if brackets.is_empty() || round == ROUNDS {
            return write(&arena, root);
        }
        text = Cow::Owned(with_backslashes(&text, &brackets));
    }
    unreachable!("the last round returns")
}

/// Returns the options for parsing and writing: GitHub's Markdown, with hard line breaks and
/// automatic links, as people who type quickly expect.
pub fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.cjk_friendly_emphasis = true;
    options.extension.footnotes = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    // `footnotes` shows those without references as they were typed.
    options.parse.leave_footnote_definitions = true;
    options.render.hardbreaks = true;
    // The author's HTML is filtered before, and all HTML is sanitized after.
    options.render.r#unsafe = true;
    options
}

fn parse<'a>(arena: &'a Arena<'a>, text: &str) -> Result<Node<'a>, TooMuch> {
    let steps = Cell::new(0);
    let is_too_long = || {
        steps.set(steps.get() + 1);
        steps.get() > MAX_STEPS
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
    // Quotation marks take six bytes here, and one after sanitizing.
    if html.len() > 2 * MAX_BYTES {
        return Err(Exceeded::Bytes.into());
    }
    Ok((html, removed))
}

create_formatter!(WithTasks, {
    // A disabled check box without a label would only confuse screen readers.
    NodeValue::TaskItem(ref task) => |context, entering| {
        if entering {
            let sign = if task.symbol.is_some() { '☑' } else { '☐' };
            write!(context, "<li class=\"task\">{sign} ")?;
        } else {
            writeln!(context, "</li>")?;
        }
    },
});

/// Returns the positions of each `<` that begins a block of HTML by mistake: a tag with an unknown
/// name, or one without an end tag, which would hide the text after it.
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
        7 => !elements::is_html(&name_of(html.trim_start())),
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

/// Checks the number of containers that each line opens, since the parser searches all open
/// containers at each line.
fn check_markers(source: &str) -> Result<(), TooMuch> {
    match source.lines().position(|line| markers(line) > MAX_MARKERS) {
        None => Ok(()),
        Some(at) => Err(TooMuch {
            bound: Exceeded::Depth,
            line: Some(at + 1),
        }),
    }
}

/// Checks the number of elements that a text becomes, and their depth.
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
        // The document is also a level.
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

/// Returns the maximum number of containers that a line opens. A thematic break (`- - -`) opens
/// none.
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

/// Returns the start of the thematic break at the end of a line: only one of `-` and `*`, and white
/// space, follow.
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
mod tests;
