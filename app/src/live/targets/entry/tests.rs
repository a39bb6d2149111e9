//! The article of an open page. Run in a browser.

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn article_is_added_morphed_and_removed() {
    let page = document().create_element("div").unwrap();
    page.set_inner_html(r#"<h1>Title</h1><div id="entry-highlights"></div>"#);
    document().body().unwrap().append_child(&page).unwrap();
    let article = |text: &str| {
        format!(r#"<div id="entry-article" lang="fr"><p>{text}</p><video></video></div>"#)
    };
    show_article("");
    assert!(by_id(ARTICLE).is_none());

    show_article(&article("First"));
    let shown = by_id(ARTICLE).unwrap();
    assert_eq!(shown.next_element_sibling(), by_id(HIGHLIGHTS));
    assert_eq!(shown.text_content().as_deref(), Some("First"));
    let player = shown.query_selector("video").unwrap().unwrap();

    show_article(&article("Second"));
    assert_eq!(by_id(ARTICLE).as_ref(), Some(&shown));
    assert_eq!(shown.text_content().as_deref(), Some("Second"));
    assert_eq!(shown.query_selector("video").unwrap(), Some(player));

    show_article("");
    assert!(by_id(ARTICLE).is_none());
    assert_eq!(page.child_element_count(), 2);
    page.remove();
}
