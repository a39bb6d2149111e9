//! Morphing of random trees. Run in a browser.

use leptos::prelude::document;
use proptest::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;

wasm_bindgen_test_configure!(run_in_browser);

/// HTML whose parsed form is unambiguous: no two texts beside each other.
fn html() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z]{1,3}".prop_map(|text| format!("<i>{text}</i>")),
        ("[a-z]{1,2}", "[a-z]{1,2}")
            .prop_map(|(class, text)| format!(r#"<b class="{class}">{text}</b>"#)),
        Just("<hr>".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        (
            prop::sample::select(&["div", "p-1", "ul"][..]),
            prop::option::of("[a-c]"),
            prop::option::of("[a-z]{1,3}"),
            prop::collection::vec(inner, 0..5),
        )
            .prop_map(|(name, class, title, children)| {
                let class = class
                    .map(|it| format!(r#" class="{it}""#))
                    .unwrap_or_default();
                let title = title
                    .map(|it| format!(r#" title="{it}""#))
                    .unwrap_or_default();
                format!("<{name}{class}{title}>{}</{name}>", children.concat())
            })
    })
}

fn parse(html: &str) -> Element {
    let root = document().create_element("div").unwrap();
    root.set_inner_html(html);
    root
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[wasm_bindgen_test]
    fn morphed_tree_is_equal_to_the_other(
        old in prop::collection::vec(html(), 0..5),
        fresh in prop::collection::vec(html(), 0..5),
    ) {
        let (root, other) = (parse(&old.concat()), parse(&fresh.concat()));
        let expected = other.inner_html();
        morph_children(&root, &other);
        prop_assert_eq!(root.inner_html(), expected);
    }

    /// What is the same in both keeps its nodes, whatever is inserted around it.
    #[wasm_bindgen_test]
    fn equal_part_keeps_its_node(
        before in prop::collection::vec(html(), 0..3),
        after in prop::collection::vec(html(), 0..3),
        part in html(),
    ) {
        let part = format!(r#"<section id="kept">{part}</section>"#);
        let root = parse(&part);
        let node = root.first_child().unwrap();
        let inside = node.first_child().unwrap();
        morph_children(&root, &parse(&[before.concat(), part, after.concat()].concat()));
        prop_assert!(node.is_connected() || root.contains(Some(&node)));
        prop_assert!(node.first_child() == Some(inside));
    }
}

#[wasm_bindgen_test]
fn details_that_the_reader_opened_stays_open() {
    let root = parse("<details open><summary>More</summary>text</details>");
    morph_children(
        &root,
        &parse("<details><summary>More</summary>other</details>"),
    );
    assert_eq!(
        root.inner_html(),
        r#"<details open=""><summary>More</summary>other</details>"#
    );
}

#[wasm_bindgen_test]
fn attributes_are_set_changed_and_removed() {
    let root = parse(r#"<p title="a" lang="en">x</p>"#);
    let node = root.first_child().unwrap();
    morph_children(&root, &parse(r#"<p title="b" dir="auto">x</p>"#));
    assert_eq!(root.first_child(), Some(node));
    assert_eq!(root.inner_html(), r#"<p title="b" dir="auto">x</p>"#);
}
