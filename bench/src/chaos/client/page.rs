//! The contents of a client's page.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Batch, Change, Cursor, Rev, UpdateId};

/// The updates that a page shows, each with its revision and its card.
pub type PageUpdates = BTreeMap<UpdateId, (Rev, Arc<str>)>;

/// All received cards, each stored once: hundreds of pages show the same ones. Two pages share a
/// card only if they received the same bytes.
#[derive(Debug, Default)]
pub struct Cards(Mutex<HashSet<Arc<str>>>);

impl Cards {
    /// Returns the shared copy of a card.
    pub fn intern(&self, html: String) -> Arc<str> {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(card) = cards.get(html.as_str()) {
            return Arc::clone(card);
        }
        let card: Arc<str> = html.into();
        cards.insert(Arc::clone(&card));
        card
    }
}

/// A page: the updates that it shows, and its position in the feed.
#[derive(Debug, Default)]
pub struct Page {
    /// `None` until the page is loaded.
    cursor: Option<Cursor>,
    updates: PageUpdates,
    streams: u64,
    loads: u64,
}

impl Page {
    /// Returns the updates that the page shows.
    pub const fn updates(&self) -> &PageUpdates {
        &self.updates
    }

    /// Returns the page's cursor, or `None` until it is loaded.
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Sets the page's cursor.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        self.cursor = Some(cursor);
    }

    /// Returns how many streams it opened, and how often it reloaded everything.
    pub const fn counts(&self) -> (u64, u64) {
        (self.streams, self.loads.saturating_sub(1))
    }

    /// Counts an opened stream.
    pub const fn count_stream(&mut self) {
        self.streams += 1;
    }

    /// Replaces what the page shows by the contents of the batches.
    pub fn load(&mut self, everything: Vec<Batch>, cards: &Cards) {
        self.loads += 1;
        self.updates.clear();
        for batch in everything {
            self.show(batch.changes, cards);
        }
    }

    /// Shows changes.
    pub fn show(&mut self, changes: Vec<Change>, cards: &Cards) {
        for change in changes {
            match change {
                Change::Deleted(deleted) => drop(self.updates.remove(&deleted.id)),
                Change::Upserted(update) => {
                    let card = cards.intern(update.html);
                    self.updates.insert(update.id, (update.rev, card));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(changes: &serde_json::Value) -> Batch {
        serde_json::from_value(json!({
            "epoch": "k3f9", "from": 0, "to": 9, "head": 9, "more": false, "changes": changes,
        }))
        .unwrap()
    }

    fn card(id: i64, rev: Rev, html: &str) -> serde_json::Value {
        json!({"id": id, "rev": rev, "entry_id": 1, "posted_at": 0, "html": html})
    }

    fn ids(page: &Page) -> Vec<i64> {
        page.updates().keys().map(|id| id.0).collect()
    }

    #[test]
    fn page_shows_changes_and_is_replaced_when_it_is_loaded_again() {
        let (mut page, cards) = (Page::default(), Cards::default());
        let everything = batch(&json!([card(1, 1, "a"), card(2, 2, "b")]));
        page.load(vec![everything], &cards);
        let changes = json!([{"id": 1, "rev": 3, "deleted": true}, card(2, 4, "c")]);
        page.show(batch(&changes).changes, &cards);
        assert_eq!(ids(&page), [2]);
        assert_eq!(page.updates()[&UpdateId(2)], (4, "c".into()));
        page.load(vec![batch(&json!([card(7, 1, "d")]))], &cards);
        assert_eq!((ids(&page), page.counts()), (vec![7], (0, 1)));
    }
}
