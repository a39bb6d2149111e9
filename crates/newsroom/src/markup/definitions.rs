//! Finds lines that only define a link's address, which Markdown doesn't show.
//!
//! `[1]: https://example.org` is a definition if `[1]` occurs in the text. `[Reuters]: confirmed`
//! is meant as text, and would disappear.

use comrak::{Node, nodes::NodeValue};

use super::policy;

/// Returns the positions of the `[` of definitions that no link of the text uses.
pub fn unused(root: Node<'_>, text: &str) -> Vec<usize> {
    if !text.contains("]:") {
        return Vec::new();
    }
    let folded = text.to_lowercase();
    let mut verbatim = Vec::new();
    for node in root.descendants() {
        let data = node.data();
        if matches!(
            data.value,
            NodeValue::CodeBlock(_) | NodeValue::HtmlBlock(_)
        ) {
            verbatim.push(data.sourcepos.start.line..=data.sourcepos.end.line);
        }
    }
    let mut verbatim = verbatim.into_iter().peekable();
    let mut found = Vec::new();
    let mut start = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let number = at + 1;
        while verbatim.next_if(|lines| *lines.end() < number).is_some() {}
        let is_verbatim = verbatim.peek().is_some_and(|lines| lines.contains(&number));
        if let Some((bracket, label, address)) = definition(line)
            && !is_verbatim
        {
            let mention = format!("[{}]", label.to_lowercase());
            let is_used = folded.match_indices(&mention).nth(1).is_some();
            if !is_used || policy::address(address).is_none() {
                found.push(start + bracket);
            }
        }
        start += line.len();
    }
    found
}

/// Returns the position of the `[` in a line that may be a definition, its label and its address.
fn definition(line: &str) -> Option<(usize, &str, &str)> {
    // Markers of quotes and lists.
    let inside = |c: char| c.is_ascii_digit() || " \t>-+*.)".contains(c);
    let from_bracket = line.trim_start_matches(inside);
    let bracket = line.len() - from_bracket.len();
    let (label, rest) = from_bracket.strip_prefix('[')?.split_once("]:")?;
    if label.starts_with('^') || label.trim().is_empty() {
        return None;
    }
    let rest = rest.trim();
    let (address, title) = match rest.split_once([' ', '\t']) {
        Some((address, title)) => (address, title.trim_start()),
        None => (rest, ""),
    };
    let is_definition = title.is_empty() || title.starts_with(['"', '\'', '(']);
    is_definition.then_some((bracket, label, address.trim_matches(['<', '>'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_definitions_are_found() {
        for (line, found) in [
            ("[Reuters]: confirmed\n", Some((0, "Reuters", "confirmed"))),
            (
                "> - [1]: <https://a.org> \"T\"",
                Some((4, "1", "https://a.org")),
            ),
            ("[a]:\n", Some((0, "a", ""))),
            ("[Reuters]: it is confirmed", None),
            ("[^1]: Reuters", None),
            ("[]: x", None),
            ("see [1]: x", None),
        ] {
            assert_eq!(definition(line), found, "{line}");
        }
    }
}
