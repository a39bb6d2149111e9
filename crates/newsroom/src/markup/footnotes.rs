//! Footnotes: numbers them within their update, and shows unreferenced ones as text.

use std::collections::HashMap;

use comrak::{
    Arena, Node,
    nodes::{Ast, NodeValue},
};

use super::{policy::is_footnote_id, tables::next_tag};

/// Names each footnote after its number, and moves referenced ones to the end of the text. A
/// footnote without references is shown at its position as it was typed.
pub fn number<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    let nodes: Vec<_> = root.descendants().collect();
    let mut numbers = HashMap::new();
    for node in &nodes {
        if let NodeValue::FootnoteReference(reference) = &mut node.data_mut().value {
            let number = reference.ix.to_string();
            let name = std::mem::replace(&mut reference.name, number);
            numbers.insert(name, reference.ix);
        }
    }
    let mut referred = Vec::new();
    for node in nodes {
        let mut data = node.data_mut();
        let NodeValue::FootnoteDefinition(note) = &mut data.value else {
            continue;
        };
        let number = numbers.get(&note.name);
        if let Some(&number) = number.filter(|_| note.total_references > 0) {
            note.name = number.to_string();
            referred.push((number, node));
        } else {
            let label = format!("[^{}]: ", note.name);
            drop(data);
            show_as_typed(arena, node, label);
        }
    }
    referred.sort_by_key(|(number, _)| *number);
    for (_, node) in referred {
        root.append(node);
    }
}

fn show_as_typed<'a>(arena: &'a Arena<'a>, note: Node<'a>, label: String) {
    let start = note.data().sourcepos.start;
    let make = |value| -> Node<'a> { arena.alloc(Ast::new(value, start).into()) };
    let label = make(NodeValue::Text(label.into()));
    let first = note.first_child();
    let paragraph = first.filter(|first| matches!(first.data().value, NodeValue::Paragraph));
    let paragraph = paragraph.unwrap_or_else(|| {
        let paragraph = make(NodeValue::Paragraph);
        note.prepend(paragraph);
        paragraph
    });
    paragraph.prepend(label);
    let parts: Vec<_> = note.children().collect();
    for part in parts {
        note.insert_before(part);
    }
    note.detach();
}

/// Returns sanitized `html` with `prefix` prepended to the ids of footnotes and the links to them.
/// One page may contain many updates, and the same update twice.
pub fn with_prefix(html: &str, prefix: &str) -> String {
    // Most updates have no footnotes.
    if !html.contains("fn") {
        return html.to_owned();
    }
    let mut output = String::with_capacity(html.len() + 64);
    let mut rest = html;
    while let Some((text, tag, after)) = next_tag(rest) {
        output.push_str(text);
        rest = after;
        let mut tag = tag;
        while let Some((start, id, end)) = next_id(tag) {
            output.push_str(start);
            output.push_str(prefix);
            output.push('-');
            output.push_str(id);
            tag = end;
        }
        output.push_str(tag);
    }
    output.push_str(rest);
    output
}

/// Returns the first footnote id in `tag`, or link to one, with the parts before and after it.
fn next_id(tag: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = tag[from..].find("=\"").map(|at| from + at) {
        let start = at + 2;
        let end = start + tag[start..].find('"')?;
        let name = tag[..at].rsplit(' ').next().unwrap_or("");
        let value = &tag[start..end];
        let id = match name {
            "id" => Some(value),
            "href" => value.strip_prefix('#'),
            _ => None,
        };
        if let Some(id) = id.filter(|id| is_footnote_id(id)) {
            return Some((&tag[..end - id.len()], id, &tag[end..]));
        }
        from = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_and_links_of_footnotes_get_a_prefix() {
        for (html, placed) in [
            (
                r##"<sup class="footnote-ref"><a href="#fn-1" id="fnref-1">1</a></sup>"##,
                r##"<sup class="footnote-ref"><a href="#update-7-fn-1" id="update-7-fnref-1">1</a></sup>"##,
            ),
            (
                r##"<a href="#update-3">fn</a>"##,
                r##"<a href="#update-3">fn</a>"##,
            ),
            (
                r#"<p title="x id=&quot; fn-1">id="fn-1"</p>"#,
                r#"<p title="x id=&quot; fn-1">id="fn-1"</p>"#,
            ),
            ("<p>plain</p>", "<p>plain</p>"),
        ] {
            assert_eq!(with_prefix(html, "update-7"), placed);
        }
    }
}
