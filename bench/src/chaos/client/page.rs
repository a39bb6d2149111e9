//! What a reader sees.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Applied, Batch, Change, Cursor, Epoch, FeedFollower, Head, Rev, UpdateId};

/// The updates that a page shows, each with the revision and the card that it was given.
pub type Shown = BTreeMap<UpdateId, (Rev, Arc<str>)>;

/// All cards that were ever received, each kept once: hundreds of pages show the same ones, and the
/// same bytes are the same only if every reader was given them.
#[derive(Debug, Default)]
pub struct Cards(Mutex<HashSet<Arc<str>>>);

impl Cards {
    /// The card, as all pages share it.
    pub fn keep(&self, html: String) -> Arc<str> {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(card) = cards.get(html.as_str()) {
            return Arc::clone(card);
        }
        let card: Arc<str> = html.into();
        cards.insert(Arc::clone(&card));
        card
    }
}

/// A page: what it shows, and how far it has read.
#[derive(Debug, Default)]
pub struct Page {
    /// `None` until it is loaded.
    reader: Option<FeedFollower>,
    shown: Shown,
    streams: u64,
    resets: u64,
}

/// What a batch leaves to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Done,
    /// To fetch the changes since the cursor.
    Fetch,
    /// To fetch everything of this epoch.
    Reset(Epoch),
}

impl Page {
    /// What it shows.
    pub const fn shown(&self) -> &Shown {
        &self.shown
    }

    /// How far it has read; `None` until it is loaded.
    pub fn cursor(&self) -> Option<Cursor> {
        Some(self.reader.as_ref()?.cursor().clone())
    }

    /// How many streams it opened, and how often it was loaded after the first time.
    pub const fn counts(&self) -> (u64, u64) {
        (self.streams, self.resets.saturating_sub(1))
    }

    /// Counts a stream that it opens.
    pub const fn count_stream(&mut self) {
        self.streams += 1;
    }

    /// Whether the server has something that the page hasn't.
    pub fn is_behind(&self, head: &Head) -> bool {
        self.reader.as_ref().is_none_or(|reader| {
            let cursor = reader.cursor();
            head.epoch != cursor.epoch || head.head > cursor.rev
        })
    }

    /// Applies what is news of a batch.
    pub fn take(&mut self, batch: Batch, cards: &Cards) -> Next {
        let epoch = batch.epoch.clone();
        let Some(reader) = &mut self.reader else {
            return Next::Reset(epoch);
        };
        match reader.apply(batch) {
            Applied::Changes { changes, more, .. } => {
                self.show(changes, cards);
                if more { Next::Fetch } else { Next::Done }
            }
            Applied::Gap => Next::Fetch,
            Applied::Reset => Next::Reset(epoch),
        }
    }

    /// Shows everything that these batches bring, and nothing else.
    pub fn start_again(&mut self, everything: Vec<Batch>, cards: &Cards) {
        self.resets += 1;
        self.shown.clear();
        for batch in everything {
            match &mut self.reader {
                Some(reader) => reader.restart(batch.cursor()),
                None => self.reader = Some(FeedFollower::new(batch.cursor())),
            }
            self.show(batch.changes, cards);
        }
    }

    fn show(&mut self, changes: Vec<Change>, cards: &Cards) {
        for change in changes {
            match change {
                Change::Deleted(gone) => drop(self.shown.remove(&gone.id)),
                Change::Upserted(shown) => {
                    let card = cards.keep(shown.html);
                    self.shown.insert(shown.id, (shown.rev, card));
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
        page.shown().keys().map(|id| id.0).collect()
    }

    #[test]
    fn a_page_shows_what_batches_bring() {
        let (mut page, cards) = (Page::default(), Cards::default());
        let everything = batch("k3f9", 0, 2, &json!([card(1, 1, "a"), card(2, 2, "b")]));
        page.start_again(vec![everything.clone()], &cards);
        assert_eq!(page.cursor().unwrap().to_string(), "k3f9.2");
        let gone = json!([{"id": 1, "rev": 3, "deleted": true}, card(2, 4, "c")]);
        assert_eq!(page.take(batch("k3f9", 2, 4, &gone), &cards), Next::Done);
        assert_eq!(page.take(everything, &cards), Next::Done);
        assert_eq!(ids(&page), [2]);
        assert_eq!(page.shown()[&UpdateId(2)], (4, "c".into()));
        let late = batch("k3f9", 5, 6, &json!([]));
        assert_eq!(page.take(late, &cards), Next::Fetch);

        let other = batch("aaaa", 0, 1, &json!([card(7, 1, "d")]));
        let epoch = Epoch::parse("aaaa").unwrap();
        assert_eq!(page.take(other.clone(), &cards), Next::Reset(epoch));
        page.start_again(vec![other], &cards);
        assert_eq!((ids(&page), page.counts()), (vec![7], (0, 1)));
        assert_eq!(page.cursor().unwrap().to_string(), "aaaa.1");
    }
}
