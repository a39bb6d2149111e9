use domain::{Deleted, EntryId, UpdateId};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::live::targets::test_changes::entry_change;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn updates_of_ended_entries_and_old_updates_are_left_out() {
    let entries = [
        entry_change(1, EntryState::Live),
        entry_change(2, EntryState::Ended),
    ];
    let shown = |id, of, at| {
        Change::Upserted(Upserted {
            id: UpdateId(id),
            rev: id,
            entry_id: EntryId(of),
            posted_at: Timestamp(at),
            html: "<article></article>".into(),
        })
    };
    let deleted = Change::Deleted(Deleted {
        id: UpdateId(4),
        rev: 4,
    });
    let changes = vec![shown(1, 1, 10), shown(2, 2, 10), shown(3, 1, 9), deleted];
    let left = label_cards(changes, &entries, Timestamp(10));
    assert_eq!(
        left.iter().map(Change::id).collect::<Vec<_>>(),
        [UpdateId(1), UpdateId(4)]
    );
}
