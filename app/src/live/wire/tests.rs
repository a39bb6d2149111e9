//! Decoding with the browser's `JSON.parse`. The messages themselves are tested in `domain`.

use domain::{Batch, Change, Cursor, EntryState, Head};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn messages_are_decoded_from_the_browsers_values() {
    let batch: Batch = decode(
        r#"{"epoch":"k3f9","from":7,"to":9,"head":9,"more":false,"later":{},"changes":[
            {"id":4,"rev":8,"deleted":true},
            {"id":5,"rev":9,"entry_id":1,"posted_at":1795000000000000,"html":"<article>“é”</article>"}]}"#,
    )
    .unwrap();
    assert_eq!(batch.cursor(), "k3f9.9".parse::<Cursor>().unwrap());
    let Change::Upserted(card) = &batch.changes[1] else {
        panic!("{batch:?}");
    };
    assert_eq!(card.html, "<article>“é”</article>");
    assert_eq!(card.posted_at.0, 1_795_000_000_000_000);

    let head: Head = decode(
        r#"{"epoch":"k3f9","head":9007199254740991,"state":"ended","interval_ms":5000,"transport":"auto","build":"b","now":1}"#,
    )
    .unwrap();
    assert_eq!(
        (head.head, head.state),
        (domain::MAX_REV, EntryState::Ended)
    );
}

#[wasm_bindgen_test]
fn anything_else_is_no_message() {
    for json in [
        "",
        "<html>",
        "null",
        "1",
        "[]",
        r#"{"epoch":"k3f9"}"#,
        r#"{"epoch":"k3f9","from":"7"}"#,
    ] {
        assert!(decode::<Batch>(json).is_none(), "{json}");
        assert!(decode::<Head>(json).is_none(), "{json}");
    }
}
