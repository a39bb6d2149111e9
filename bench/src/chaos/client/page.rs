//! The contents of a client's page.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Applied, Batch, Change, Cursor, Epoch, FeedFollower, Head, Rev, UpdateId};

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
    follower: Option<FeedFollower>,
    updates: PageUpdates,
    streams: u64,
    resets: u64,
}

/// The request that is necessary after a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// None.
    Done,
    /// Fetch the changes since the cursor.
    Fetch,
    /// Fetch everything in this epoch.
    Reset(Epoch),
}

impl Page {
    /// Returns the updates that the page shows.
    pub const fn updates(&self) -> &PageUpdates {
        &self.updates
    }

    /// Returns the page's cursor, or `None` until it is loaded.
    pub fn cursor(&self) -> Option<Cursor> {
        Some(self.follower.as_ref()?.cursor().clone())
    }

    /// Returns how many streams it opened, and how often it reloaded everything.
    pub const fn counts(&self) -> (u64, u64) {
        (self.streams, self.resets.saturating_sub(1))
    }

    /// Counts an opened stream.
    pub const fn count_stream(&mut self) {
        self.streams += 1;
    }

    /// Returns whether the server has changes that the page does not show.
    pub fn is_behind(&self, head: &Head) -> bool {
        self.follower.as_ref().is_none_or(|follower| {
            let cursor = follower.cursor();
            head.epoch != cursor.epoch || head.head > cursor.rev
        })
    }

    /// Applies the new changes of a batch.
    pub fn apply(&mut self, batch: Batch, cards: &Cards) -> Next {
        let epoch = batch.epoch.clone();
        let Some(follower) = &mut self.follower else {
            return Next::Reset(epoch);
        };
        match follower.apply(batch) {
            Applied::Changes { changes, more, .. } => {
                self.apply_changes(changes, cards);
                if more { Next::Fetch } else { Next::Done }
            }
            Applied::Gap => Next::Fetch,
            Applied::Reset => Next::Reset(epoch),
        }
    }

    /// Replaces the page's contents by those of the batches.
    pub fn reload(&mut self, everything: Vec<Batch>, cards: &Cards) {
        self.resets += 1;
        self.updates.clear();
        for batch in everything {
            match &mut self.follower {
                Some(follower) => follower.restart(batch.cursor()),
                None => self.follower = Some(FeedFollower::new(batch.cursor())),
            }
            self.apply_changes(batch.changes, cards);
        }
    }

    fn apply_changes(&mut self, changes: Vec<Change>, cards: &Cards) {
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

    fn batch(epoch: &str, from: Rev, to: Rev, changes: &serde_json::Value) -> Batch {
        serde_json::from_value(json!({
            "epoch": epoch, "from": from, "to": to, "head": to, "more": false, "changes": changes,
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
    fn page_applies_batches_gaps_and_resets() {
        let (mut page, cards) = (Page::default(), Cards::default());
        let everything = batch("k3f9", 0, 2, &json!([card(1, 1, "a"), card(2, 2, "b")]));
        page.reload(vec![everything.clone()], &cards);
        assert_eq!(page.cursor().unwrap().to_string(), "k3f9.2");
        let deletion = json!([{"id": 1, "rev": 3, "deleted": true}, card(2, 4, "c")]);
        assert_eq!(
            page.apply(batch("k3f9", 2, 4, &deletion), &cards),
            Next::Done
        );
        assert_eq!(page.apply(everything, &cards), Next::Done);
        assert_eq!(ids(&page), [2]);
        assert_eq!(page.updates()[&UpdateId(2)], (4, "c".into()));
        let late = batch("k3f9", 5, 6, &json!([]));
        assert_eq!(page.apply(late, &cards), Next::Fetch);

        let other = batch("aaaa", 0, 1, &json!([card(7, 1, "d")]));
        let epoch = Epoch::parse("aaaa").unwrap();
        assert_eq!(page.apply(other.clone(), &cards), Next::Reset(epoch));
        page.reload(vec![other], &cards);
        assert_eq!((ids(&page), page.counts()), (vec![7], (0, 1)));
        assert_eq!(page.cursor().unwrap().to_string(), "aaaa.1");
    }
}
