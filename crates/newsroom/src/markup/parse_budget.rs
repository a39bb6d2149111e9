//! Counts the elements that an HTML parser would create from a text, and stops at a limit.
//!
//! Parsers close and open elements without tags. In particular, they reopen every open formatting
//! element (`<b>`, `<a href=…>`) in each new paragraph, so that kilobytes of tags can become
//! megabytes of elements. This can't be predicted by counting tags, only by running the parser's
//! own tree builder. It runs here with a tree of numbers, one token at a time.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::Rc,
};

use html5ever::{
    Attribute, ExpandedName, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TokenizerResult, TreeSink},
    local_name, ns,
    tendril::StrTendril,
    tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};

use super::limits::{Exceeded, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS};

/// The bytes that an attribute adds to its name and value: a space, `=` and two quotes.
const ATTRIBUTE_BYTES: usize = 4;
/// The bytes that an element adds to its name, which it contains twice: `<>` and `</>`.
const ELEMENT_BYTES: usize = 5;

/// Checks the tree that an HTML parser would create from `html`, a fragment inside a `<div>`.
///
/// The work is bounded: it stops after the first token that exceeds a limit.
///
/// # Errors
/// Returns the limit that is exceeded.
pub fn check(html: &str) -> Result<(), Exceeded> {
    let tree = CountedTree::default();
    let name = QualName::new(None, ns!(html), local_name!("div"));
    let context = tree.add(Some(name));
    let builder = TreeBuilder::new_for_fragment(tree, context, None, TreeBuilderOpts::default());
    // The root of the fragment is not part of the text.
    builder.sink.elements.set(0);
    builder.sink.bytes.set(0);
    let options = TokenizerOpts {
        initial_state: Some(builder.tokenizer_state_for_context_elem(false)),
        ..TokenizerOpts::default()
    };
    let tokenizer = Tokenizer::new(StopAtBudget(builder), options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // `feed` only returns early for scripts.
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.0.sink.verdict()
}

/// Passes tokens to a tree builder while its tree is within the limits.
struct StopAtBudget(TreeBuilder<Node, CountedTree>);

impl TokenSink for StopAtBudget {
    type Handle = Node;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Node> {
        if self.0.sink.exceeded.get().is_some() {
            return TokenSinkResult::Continue;
        }
        self.0.process_token(token, line)
    }

    fn end(&self) {
        if self.0.sink.exceeded.get().is_none() {
            self.0.end();
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.0
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// A node: its number, and its name, which is empty unless it is an element.
#[derive(Clone)]
struct Node {
    id: usize,
    name: Rc<QualName>,
}

/// The parent and the children of a node, as numbers of [`Node`]s.
#[derive(Default)]
struct Links {
    is_element: bool,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// A tree without text and attributes, which only counts.
struct CountedTree {
    nodes: RefCell<Vec<Links>>,
    elements: Cell<usize>,
    bytes: Cell<usize>,
    exceeded: Cell<Option<Exceeded>>,
}

/// The number of the document, the first node of each tree.
const DOCUMENT: usize = 0;

impl Default for CountedTree {
    fn default() -> Self {
        Self {
            nodes: RefCell::new(vec![Links::default()]),
            elements: Cell::new(0),
            bytes: Cell::new(0),
            exceeded: Cell::new(None),
        }
    }
}

/// Returns the name of documents and comments.
fn no_name() -> Rc<QualName> {
    Rc::new(QualName::new(None, ns!(), local_name!("")))
}

impl CountedTree {
    /// Adds a node without a parent.
    fn add(&self, name: Option<QualName>) -> Node {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len();
        nodes.push(Links {
            is_element: name.is_some(),
            ..Links::default()
        });
        Node {
            id,
            name: name.map_or_else(no_name, Rc::new),
        }
    }

    fn count(&self, counter: &Cell<usize>, more: usize, most: usize, bound: Exceeded) {
        let total = counter.get().saturating_add(more);
        counter.set(total);
        if total > most {
            self.exceed(bound);
        }
    }

    fn count_bytes(&self, more: usize) {
        self.count(&self.bytes, more, MAX_BYTES, Exceeded::Bytes);
    }

    fn exceed(&self, bound: Exceeded) {
        if self.exceeded.get().is_none() {
            self.exceeded.set(Some(bound));
        }
    }

    fn attach(&self, parent: usize, child: usize) {
        self.detach(child);
        let mut nodes = self.nodes.borrow_mut();
        nodes[child].parent = Some(parent);
        nodes[parent].children.push(child);
        let mut depth = 0;
        let mut at = Some(child);
        while let Some(node) = at {
            depth += usize::from(nodes[node].is_element);
            // The root of the fragment is also an element.
            if depth > MAX_DEPTH + 1 {
                self.exceed(Exceeded::Depth);
                return;
            }
            at = nodes[node].parent;
        }
    }

    fn detach(&self, child: usize) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[child].parent.take() {
            // Usually it is one of the last.
            let children = &mut nodes[parent].children;
            if let Some(at) = children.iter().rposition(|&other| other == child) {
                children.remove(at);
            }
        }
    }

    fn put(&self, parent: usize, child: NodeOrText<Node>) {
        match child {
            NodeOrText::AppendNode(node) => self.attach(parent, node.id),
            NodeOrText::AppendText(text) => self.count_bytes(text.len()),
        }
    }

    /// Checks whether the finished tree is within the limits. Moving a node moves its descendants
    /// too, so the depth is checked again.
    fn verdict(&self) -> Result<(), Exceeded> {
        if let Some(bound) = self.exceeded.get() {
            return Err(bound);
        }
        let nodes = self.nodes.borrow();
        let mut open = vec![(DOCUMENT, 0)];
        while let Some((node, above)) = open.pop() {
            let depth = above + usize::from(nodes[node].is_element);
            if depth > MAX_DEPTH + 1 {
                return Err(Exceeded::Depth);
            }
            open.extend(nodes[node].children.iter().map(|&child| (child, depth)));
        }
        Ok(())
    }
}

impl TreeSink for CountedTree {
    type Handle = Node;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Node {
        Node {
            id: DOCUMENT,
            name: no_name(),
        }
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Node {
        // `tables` adds a region around each table.
        let elements = 1 + usize::from(name.local == local_name!("table"));
        self.count(&self.elements, elements, MAX_ELEMENTS, Exceeded::Elements);
        let attributes = attrs
            .iter()
            .map(|attr| attr.name.local.len() + attr.value.len() + ATTRIBUTE_BYTES);
        self.count_bytes(2 * name.local.len() + ELEMENT_BYTES + attributes.sum::<usize>());
        self.add(Some(name))
    }

    fn create_comment(&self, _: StrTendril) -> Node {
        self.add(None)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        self.add(None)
    }

    fn append(&self, parent: &Node, child: NodeOrText<Node>) {
        self.put(parent.id, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Node,
        prev_element: &Node,
        child: NodeOrText<Node>,
    ) {
        let parent = self.nodes.borrow()[element.id].parent;
        self.put(parent.unwrap_or(prev_element.id), child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// Returns the template itself, so that its content counts as its children.
    fn get_template_contents(&self, target: &Node) -> Node {
        target.clone()
    }

    fn same_node(&self, x: &Node, y: &Node) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Node, new_node: NodeOrText<Node>) {
        let parent = self.nodes.borrow()[sibling.id].parent;
        if let Some(parent) = parent {
            self.put(parent, new_node);
        }
    }

    fn add_attrs_if_missing(&self, _: &Node, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &Node) {
        self.detach(target.id);
    }

    fn reparent_children(&self, node: &Node, new_parent: &Node) {
        let mut nodes = self.nodes.borrow_mut();
        let moved = std::mem::take(&mut nodes[node.id].children);
        for &child in &moved {
            nodes[child].parent = Some(new_parent.id);
        }
        nodes[new_parent.id].children.extend(moved);
    }
}

#[cfg(test)]
mod tests;
