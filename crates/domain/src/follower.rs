//! What a batch changes on a page: the reader's half of the feed's protocol.

use crate::{Batch, Change, Cursor, EntryChange};

/// Knows how far a page has read, and takes from each batch what is news to it. However often,
/// late and out of order batches come, a page that applies what [`FeedFollower::take`] gives it, and
/// asks again from [`FeedFollower::cursor`] after a gap, ends in the server's state.
#[derive(Clone, Debug)]
pub struct FeedFollower {
    cursor: Cursor,
}

/// What to do with a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Apply these, in order.
    Changes {
        /// The updates that changed.
        changes: Vec<Change>,
        /// The entries that changed themselves.
        entries: Vec<EntryChange>,
        /// Whether to fetch on from the cursor at once.
        more: bool,
    },
    /// Something before it was missed: fetch the changes since the cursor.
    Gap,
    /// The database has begun another life: fetch everything and start again.
    Reset,
}

impl FeedFollower {
    /// A reader of a page that shows everything up to `cursor`.
    pub const fn new(cursor: Cursor) -> Self {
        Self { cursor }
    }

    /// How far the page has read.
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Takes from `batch` what the page doesn't know yet.
    pub fn take(&mut self, batch: Batch) -> Applied {
        if batch.epoch != self.cursor.epoch {
            return Applied::Reset;
        }
        let known = self.cursor.rev;
        if batch.from > known {
            return Applied::Gap;
        }
        self.cursor.rev = known.max(batch.to);
        // What an older batch says of an update may be older than what the page shows: a deleted
        // one must not come back.
        Applied::Changes {
            changes: batch
                .changes
                .into_iter()
                .filter(|change| change.rev() > known)
                .collect(),
            entries: batch
                .entry
                .map(|entry| *entry)
                .into_iter()
                .chain(batch.entries)
                .filter(|entry| entry.rev > known)
                .collect(),
            more: batch.more,
        }
    }

    /// Starts again, as the page was at `cursor`: with a batch of everything, or with what it was made
    /// anew of.
    pub fn restart(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{Deleted, EntryId, Epoch, Rev, Timestamp, UpdateId, Upserted};

    type Page = BTreeMap<UpdateId, (Rev, String)>;

    /// A server that remembers every state it was ever in.
    #[derive(Default)]
    struct Server {
        log: Vec<(UpdateId, Option<String>)>,
    }

    impl Server {
        fn head(&self) -> Rev {
            Rev::try_from(self.log.len()).unwrap()
        }

        /// The batch that it would have given for `from` when its head was `at`, of `limit` changes
        /// at most.
        fn batch(&self, from: Rev, at: Rev, limit: usize) -> Batch {
            let mut latest = BTreeMap::new();
            for (index, (id, html)) in self.log[..usize::try_from(at).unwrap()].iter().enumerate() {
                latest.insert(*id, (Rev::try_from(index).unwrap() + 1, html.clone()));
            }
            let mut changes: Vec<_> = latest
                .into_iter()
                .filter(|(_, (rev, _))| *rev > from)
                .map(|(id, (rev, html))| match html {
                    None => Change::Deleted(Deleted { id, rev }),
                    Some(html) => Change::Upserted(Upserted {
                        id,
                        rev,
                        entry_id: EntryId(1),
                        posted_at: Timestamp(id.0),
                        html,
                    }),
                })
                .collect();
            changes.sort_by_key(Change::rev);
            let more = changes.len() > limit;
            changes.truncate(limit);
            Batch {
                epoch: epoch(),
                from,
                to: if more {
                    changes.last().map_or(at, Change::rev)
                } else {
                    at
                },
                head: at,
                more,
                changes,
                entry: None,
                entries: Vec::new(),
            }
        }
    }

    fn epoch() -> Epoch {
        Epoch::parse("e1").unwrap()
    }

    fn apply(page: &mut Page, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Deleted(gone) => drop(page.remove(&gone.id)),
                Change::Upserted(shown) => drop(page.insert(shown.id, (shown.rev, shown.html))),
            }
        }
    }

    /// Asks from the cursor until there is no more, as a page does.
    fn catch_up(server: &Server, reader: &mut FeedFollower, page: &mut Page) {
        loop {
            match reader.take(server.batch(reader.cursor().rev, server.head(), 3)) {
                Applied::Changes { changes, more, .. } => {
                    apply(page, changes);
                    if !more {
                        return;
                    }
                }
                other => panic!("catching up answered {other:?}"),
            }
        }
    }

    proptest! {
        /// Any order, repetition, loss and staleness of batches ends in the server's state.
        #[test]
        fn pages_converge(
            edits in prop::collection::vec((0_i64..8, prop::option::weighted(0.8, "[a-z]{1,3}")), 1..60),
            deliveries in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..6, any::<bool>()), 0..80),
        ) {
            let mut server = Server::default();
            for (id, html) in edits {
                server.log.push((UpdateId(id), html));
            }
            let mut reader = FeedFollower::new(Cursor::new(epoch(), 0));
            let mut page = Page::new();
            for (from, at, limit, heal) in deliveries {
                let at = Rev::try_from(at.index(server.log.len() + 1)).unwrap();
                let from = Rev::try_from(from.index(usize::try_from(at).unwrap() + 1)).unwrap();
                match reader.take(server.batch(from, at, limit)) {
                    Applied::Changes { changes, .. } => apply(&mut page, changes),
                    Applied::Gap if heal => catch_up(&server, &mut reader, &mut page),
                    Applied::Gap => {}
                    Applied::Reset => unreachable!("the epoch never changed"),
                }
            }
            catch_up(&server, &mut reader, &mut page);

            let mut truth = Page::new();
            apply(&mut truth, server.batch(0, server.head(), usize::MAX).changes);
            prop_assert_eq!(page, truth);
            prop_assert_eq!(reader.cursor().rev, server.head());
        }

        /// The cursor never goes back, and never past what a batch vouches for.
        #[test]
        fn the_cursor_only_moves_on(from in 0_i64..20, to in 0_i64..20, at in 0_i64..20) {
            let mut reader = FeedFollower::new(Cursor::new(epoch(), at));
            reader.take(Batch { from, to: to.max(from), ..Server::default().batch(0, 0, 1) });
            let expected = if from > at { at } else { at.max(to.max(from)) };
            prop_assert_eq!(reader.cursor().rev, expected);
        }
    }

    #[test]
    fn another_epoch_asks_for_a_reset() {
        let mut reader = FeedFollower::new(Cursor::new(Epoch::parse("e0").unwrap(), 3));
        let batch = Server::default().batch(0, 0, 1);
        assert_eq!(reader.take(batch.clone()), Applied::Reset);
        reader.restart(batch.cursor());
        assert_eq!(reader.cursor().to_string(), "e1.0");
    }
}
