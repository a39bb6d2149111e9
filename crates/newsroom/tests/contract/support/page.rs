//! A model of a page that is open in a reader's browser.

use std::collections::BTreeMap;

use domain::{
    Applied, Batch, Change, Cursor, EntryState, FeedFollower, FeedId, Rev, Timestamp, UpdateId,
};
use newsroom::{Entry, Newsroom};

use super::batch;

/// What an open page shows, and the cursor up to which it has applied changes.
pub struct PageModel {
    feed: FeedId,
    follower: FeedFollower,
    cards: BTreeMap<UpdateId, (Timestamp, String)>,
    /// The entry's state.
    pub state: EntryState,
    /// Every change that the page applied, in order.
    pub applied: Vec<(UpdateId, Rev)>,
}

impl PageModel {
    /// Loads the entry's page as it is now.
    pub async fn open(newsroom: &Newsroom, entry: &Entry) -> Self {
        let page = newsroom.entry_page(&entry.slug).await.unwrap();
        let cards = page.updates.iter().map(|update| {
            let card = newsroom.cards().card(&page.entry, update).to_string();
            (update.id, (update.posted_at, card))
        });
        Self {
            feed: FeedId::Entry(entry.id),
            cards: cards.collect(),
            follower: FeedFollower::new(page.cursor),
            state: page.entry.state,
            applied: Vec::new(),
        }
    }

    /// Returns the cursor up to which the page has applied changes.
    pub fn cursor(&self) -> &Cursor {
        self.follower.cursor()
    }

    /// Applies a batch. Returns whether the page is now up to date; otherwise it must catch up.
    pub fn apply(&mut self, batch: Batch) -> bool {
        match self.follower.apply(batch) {
            Applied::Changes {
                changes,
                entries,
                more,
                ..
            } => {
                for change in changes {
                    self.apply_change(change);
                }
                for entry in entries {
                    self.state = entry.state;
                }
                !more
            }
            Applied::Gap => false,
            Applied::Reset => panic!("the epoch changed unexpectedly"),
        }
    }

    /// Polls until nothing is missing.
    pub async fn catch_up(&mut self, newsroom: &Newsroom) {
        loop {
            let since = Some(*self.cursor());
            let frame = newsroom.changes(self.feed, since).await.unwrap();
            if self.apply(batch(&frame)) {
                return;
            }
        }
    }

    /// Returns the HTML of the cards, oldest first.
    pub fn cards(&self) -> Vec<&str> {
        let mut cards: Vec<_> = self.cards.iter().collect();
        cards.sort_by_key(|(id, (posted_at, _))| (*posted_at, **id));
        cards.iter().map(|(_, (_, card))| card.as_str()).collect()
    }

    fn apply_change(&mut self, change: Change) {
        self.applied.push((change.id(), change.rev()));
        match change {
            Change::Deleted(deleted) => {
                self.cards.remove(&deleted.id);
            }
            Change::Upserted(update) => {
                self.cards
                    .insert(update.id, (update.posted_at, update.html));
            }
        }
    }
}
