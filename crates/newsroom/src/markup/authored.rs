//! Keeps the allowed parts of a parsed text: links, images and the author's own HTML.

use std::collections::{BTreeSet, HashMap, HashSet};

use comrak::{
    Arena, Node,
    nodes::{Ast, NodeValue},
};

use super::{
    author_html::{Kept, block, end, keep, remove_code, start_element},
    elements, policy,
    removed::Removed,
    tags::{Piece, name_of, next_piece},
};

/// The level of an update's highest headings, below the card's headline.
const BELOW_THE_CARD: u8 = 3;

/// Removes what is not allowed from a text, and returns its names.
pub fn keep_allowed<'a>(arena: &'a Arena<'a>, root: Node<'a>) -> Removed {
    let nodes: Vec<_> = root.descendants().collect();
    let levels = levels_of_headings(&nodes);
    let mut text = Authored {
        arena,
        removed: Removed::default(),
        ends: ends_of_blocks(&nodes),
    };
    for node in nodes {
        let mut data = node.data_mut();
        match &mut data.value {
            NodeValue::Heading(heading) => {
                let above = levels.range(..heading.level).count();
                let above = u8::try_from(above).unwrap_or(u8::MAX);
                heading.level = above.saturating_add(BELOW_THE_CARD).min(6);
                drop(data);
                text.inline_html(node);
            }
            NodeValue::Paragraph | NodeValue::TableCell => {
                drop(data);
                text.inline_html(node);
            }
            // The language would be written as a class.
            NodeValue::CodeBlock(code) => code.info.clear(),
            NodeValue::HtmlBlock(html) => html.literal = text.html_block(&html.literal),
            NodeValue::Link(link) => {
                if let Some(address) = policy::address(&link.url) {
                    link.url = address.into_owned();
                } else {
                    text.removed.address("link", &link.url);
                    drop(data);
                    unwrap(node);
                }
            }
            NodeValue::Image(image) => {
                if let Some(address) = policy::address(&image.url) {
                    image.url = address.into_owned();
                } else {
                    text.removed.address("image", &image.url);
                    drop(data);
                    // Show the alternative text instead.
                    unwrap(node);
                }
            }
            _ => {}
        }
    }
    text.removed
}

/// Returns the heading levels used in a text. Authors may start at any level; the card uses
/// consecutive levels, so that screen readers find every heading.
fn levels_of_headings(nodes: &[Node<'_>]) -> BTreeSet<u8> {
    let level = |node: &Node<'_>| match &node.data().value {
        NodeValue::Heading(heading) => Some(heading.level),
        _ => None,
    };
    nodes.iter().filter_map(level).collect()
}

/// Counts the end tags of each element in blocks of HTML.
fn ends_of_blocks(nodes: &[Node<'_>]) -> HashMap<String, usize> {
    let mut ends = HashMap::new();
    for node in nodes {
        if let NodeValue::HtmlBlock(html) = &node.data().value {
            for name in end_tags(&html.literal) {
                *ends.entry(name).or_default() += 1;
            }
        }
    }
    ends
}

fn end_tags(html: &str) -> impl Iterator<Item = String> {
    html.match_indices("</").map(|(at, _)| name_of(&html[at..]))
}

/// Replaces a node by its children.
fn unwrap(node: Node<'_>) {
    let children: Vec<_> = node.children().collect();
    for child in children {
        node.insert_before(child);
    }
    node.detach();
}

struct Authored<'a> {
    arena: &'a Arena<'a>,
    removed: Removed,
    /// The number of end tags of each element in the remaining blocks of HTML.
    ends: HashMap<String, usize>,
}

impl<'a> Authored<'a> {
    fn html_block(&mut self, html: &str) -> String {
        for name in end_tags(html) {
            if let Some(count) = self.ends.get_mut(&name) {
                *count -= 1;
            }
        }
        let ends = &self.ends;
        block(html, &mut self.removed, |name| {
            ends.get(name).is_some_and(|&count| count > 0)
        })
    }

    /// Processes the HTML in a paragraph, a heading or a cell. Closes elements that are open at its
    /// end.
    fn inline_html(&mut self, container: Node<'a>) {
        let mut open = Vec::new();
        self.inline_html_of(container, &mut open);
        for name in open.into_iter().rev() {
            let end = NodeValue::HtmlInline(format!("</{name}>"));
            let start = container.data().sourcepos.start;
            container.append(self.arena.alloc(Ast::new(end, start).into()));
        }
    }

    fn inline_html_of(&mut self, parent: Node<'a>, open: &mut Vec<String>) {
        // An element without an end tag after one start tag has none after the next one either.
        let mut without_end = HashSet::new();
        let mut next = parent.first_child();
        while let Some(node) = next {
            next = node.next_sibling();
            let raw = match &node.data().value {
                NodeValue::HtmlInline(raw) => raw.clone(),
                // Its children are the alternative text.
                NodeValue::Image(_) => continue,
                _ => String::new(),
            };
            if raw.is_empty() {
                self.inline_html_of(node, open);
                continue;
            }
            let piece = next_piece(&raw, true).map_or(Piece::LessThan, |(piece, _)| piece);
            let value = match keep(piece, &mut self.removed) {
                Kept::Text => NodeValue::Text(raw.into()),
                Kept::Words(words) => NodeValue::Text(words.into()),
                Kept::Html(html) => NodeValue::HtmlInline(html),
                Kept::Start(name, html) => {
                    start_element(open, name);
                    NodeValue::HtmlInline(html)
                }
                Kept::End(name) => {
                    end(open, &name);
                    NodeValue::HtmlInline(format!("</{name}>"))
                }
                Kept::Code(name) => {
                    let last = if elements::is_void(&name) {
                        Some(node)
                    } else if without_end.contains(&name) {
                        None
                    } else {
                        end_of_code(node, &name)
                    };
                    if let Some(last) = last {
                        next = last.next_sibling();
                        while node.next_sibling().is_some_and(|it| !is_same(next, it)) {
                            if let Some(inside) = node.next_sibling() {
                                inside.detach();
                            }
                        }
                        NodeValue::HtmlInline(remove_code(&raw, &mut self.removed))
                    } else {
                        without_end.insert(name);
                        NodeValue::Text(raw.into())
                    }
                }
                Kept::Nothing => NodeValue::HtmlInline(String::new()),
            };
            node.data_mut().value = value;
        }
    }
}

fn is_same<'a>(node: Option<Node<'a>>, other: Node<'a>) -> bool {
    node.is_some_and(|node| node.same_node(other))
}

/// Returns the end tag of the element `name` that begins at `start`.
fn end_of_code<'a>(start: Node<'a>, name: &str) -> Option<Node<'a>> {
    start.following_siblings().skip(1).find(|node| {
        matches!(&node.data().value, NodeValue::HtmlInline(raw)
            if raw.starts_with("</") && name_of(raw) == name)
    })
}
