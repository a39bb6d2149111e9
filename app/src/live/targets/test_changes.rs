//! Changes of entries, for tests.

use domain::{EntryChange, EntryId, EntryState, Language, Order};

/// Returns the change of the entry `id`, without its summary.
pub fn entry_change(id: i64, state: EntryState) -> EntryChange {
    EntryChange {
        id: EntryId(id),
        rev: 1,
        state,
        title: "Final".into(),
        since: String::new(),
        since_html: String::new(),
        slug: "final".into(),
        summary: String::new(),
        time_zone: "UTC".into(),
        language: Language::default(),
        default_order: Order::Oldest,
        highlights: String::new(),
        article: None,
        summary_html: String::new(),
    }
}
