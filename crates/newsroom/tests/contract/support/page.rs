//! A page that somebody has open.

use std::collections::BTreeMap;

use domain::{Applied, Batch, Change, Cursor, EntryState, FeedFollower, Rev, Timestamp, UpdateId};
use newsroom::{Entry, Newsroom, live::FeedId};

use super::batch;

/// What a reader's page shows, and how far it has read.
pub struct LivePage {
    feed: FeedId,
    reader: FeedFollower,
    cards: BTreeMap<UpdateId, (Timestamp, String)>,
    /// Where the entry is in its life.
    pub state: EntryState,
    /// Every change that the page applied, in order.
    pub applied: Vec<(UpdateId, Rev)>,
}

impl LivePage {
    /// The entry's page as it is now.
    pub async fn open(newsroom: &Newsroom, entry: &Entry) -> Self {
        let page = newsroom.entry_page(&entry.slug).await.unwrap();
        let cards = page.updates.iter().map(|update| {
            let card = newsroom.cards().card(&page.entry, update).to_string();
            (update.id, (update.posted_at, card))
        });
        Self {
            feed: FeedId::Entry(entry.id),
            cards: cards.collect(),
            reader: FeedFollower::new(page.cursor),
            state: page.entry.state,
            applied: Vec::new(),
        }
    }

    /// How far it has read.
    pub fn cursor(&self) -> &Cursor {
        self.reader.cursor()
    }

    /// Takes in a batch; whether the page is in step with it, or has to catch up.
    pub fn take(&mut self, batch: Batch) -> bool {
        match self.reader.apply(batch) {
            Applied::Changes {
                changes,
                entries,
                more,
            } => {
                for change in changes {
                    self.apply(change);
                }
                for entry in entries {
                    self.state = entry.state;
                }
                !more
            }
            Applied::Gap => false,
            Applied::Reset => panic!("the epoch never changed"),
        }
    }

    /// Fetches what was missed.
    pub async fn catch_up(&mut self, newsroom: &Newsroom) {
        loop {
            let since = Some(self.cursor().clone());
            let frame = newsroom.changes(self.feed, since).await.unwrap();
            if self.take(batch(&frame)) {
                return;
            }
        }
    }

    /// The cards, oldest first.
    pub fn shows(&self) -> Vec<&str> {
        let mut cards: Vec<_> = self.cards.iter().collect();
        cards.sort_by_key(|(id, (posted_at, _))| (*posted_at, **id));
        cards.iter().map(|(_, (_, card))| card.as_str()).collect()
    }

    fn apply(&mut self, change: Change) {
        self.applied.push((change.id(), change.rev()));
        match change {
            Change::Deleted(gone) => {
                self.cards.remove(&gone.id);
            }
            Change::Upserted(shown) => {
                self.cards.insert(shown.id, (shown.posted_at, shown.html));
            }
        }
    }
}
