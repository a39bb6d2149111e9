//! Applies batches on a page: the client's half of the feed protocol.

use crate::{Batch, Change, Cursor, EntryChange, RoomChange};

/// Tracks the cursor of a page, and selects from each batch the changes that are new to the page.
///
/// Batches may arrive repeatedly, late and out of order. A page that applies the changes returned
/// by [`FeedFollower::apply`], and fetches from [`FeedFollower::cursor`] after a gap, converges to
/// the server's state.
#[derive(Clone, Debug)]
pub struct FeedFollower {
    cursor: Cursor,
}

/// What a page has to do with a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Show these changes, in this order.
    Changes {
        /// The changed updates.
        changes: Vec<Change>,
        /// The entries whose own data changed.
        entries: Vec<EntryChange>,
        /// The room, if its own data changed.
        room: Option<RoomChange>,
        /// Whether to fetch more from the cursor immediately.
        more: bool,
    },
    /// Changes before the batch are missing: fetch the changes since the cursor.
    Gap,
    /// The epoch changed: fetch everything and start again.
    Reset,
}

impl FeedFollower {
    /// Creates the follower of a page that shows all changes up to `cursor`.
    pub const fn new(cursor: Cursor) -> Self {
        Self { cursor }
    }

    /// Returns the cursor up to which the page has applied the feed.
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Selects the changes of `batch` that are new to the page, and advances the cursor.
    pub fn apply(&mut self, batch: Batch) -> Applied {
        if batch.epoch != self.cursor.epoch {
            return Applied::Reset;
        }
        let applied = self.cursor.rev;
        if batch.from > applied {
            return Applied::Gap;
        }
        self.cursor.rev = applied.max(batch.to);
        // A late batch may contain an older state of an update than the page shows. In particular,
        // a deleted update must not reappear.
        Applied::Changes {
            changes: batch
                .changes
                .into_iter()
                .filter(|change| change.rev() > applied)
                .collect(),
            entries: batch
                .entry
                .map(|entry| *entry)
                .into_iter()
                .chain(batch.entries)
                .filter(|entry| entry.rev > applied)
                .collect(),
            room: batch.room.filter(|room| room.rev > applied),
            more: batch.more,
        }
    }

    /// Starts again at `cursor`, after the page was refilled or reloaded.
    pub fn restart(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Epoch, Rev, UpdateId,
        feed::model_server::{Page, Server, apply},
    };

    /// Fetches from the cursor until there are no more changes, as a page does.
    fn catch_up(server: &Server, follower: &mut FeedFollower, page: &mut Page) {
        loop {
            match follower.apply(server.batch(follower.cursor().rev, server.rev(), 3)) {
                Applied::Changes { changes, more, .. } => {
                    apply(page, changes);
                    if !more {
                        return;
                    }
                }
                other => panic!("unexpected result: {other:?}"),
            }
        }
    }

    proptest! {
        /// Pages converge to the server's state after any order, repetition and loss of batches.
        #[test]
        fn pages_converge(
            edits in prop::collection::vec((0_i64..8, prop::option::weighted(0.8, "[a-z]{1,3}")), 1..60),
            deliveries in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..6, any::<bool>()), 0..80),
        ) {
            let mut server = Server::default();
            for (id, html) in edits {
                server.log.push((UpdateId(id), html));
            }
            let mut follower = FeedFollower::new("e1.0".parse().unwrap());
            let mut page = Page::new();
            for (from, at, limit, catches_up) in deliveries {
                let at = Rev::try_from(at.index(server.log.len() + 1)).unwrap();
                let from = Rev::try_from(from.index(usize::try_from(at).unwrap() + 1)).unwrap();
                match follower.apply(server.batch(from, at, limit)) {
                    Applied::Changes { changes, .. } => apply(&mut page, changes),
                    Applied::Gap if catches_up => catch_up(&server, &mut follower, &mut page),
                    Applied::Gap => {}
                    Applied::Reset => unreachable!("the epoch never changed"),
                }
            }
            catch_up(&server, &mut follower, &mut page);

            let mut expected = Page::new();
            apply(&mut expected, server.batch(0, server.rev(), usize::MAX).changes);
            prop_assert_eq!(page, expected);
            prop_assert_eq!(follower.cursor().rev, server.rev());
        }

        /// The cursor never moves back, and never past the end of an applied batch.
        #[test]
        fn cursor_never_moves_back(from in 0_i64..20, to in 0_i64..20, at in 0_i64..20) {
            let mut follower = FeedFollower::new(Cursor::new(Epoch::parse("e1").unwrap(), at));
            follower.apply(Batch { from, to: to.max(from), ..Server::default().batch(0, 0, 1) });
            let expected = if from > at { at } else { at.max(to.max(from)) };
            prop_assert_eq!(follower.cursor().rev, expected);
        }
    }

    #[test]
    fn batch_of_another_epoch_requires_a_reset() {
        let mut follower = FeedFollower::new(Cursor::new(Epoch::parse("e0").unwrap(), 3));
        let batch = Server::default().batch(0, 0, 1);
        assert_eq!(follower.apply(batch.clone()), Applied::Reset);
        follower.restart(batch.cursor());
        assert_eq!(follower.cursor().to_string(), "e1.0");
    }
}
