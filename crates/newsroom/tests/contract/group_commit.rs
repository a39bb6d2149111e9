//! Writes that share transactions: their order, and what a refused one leaves behind.

use domain::{EntryId, Rev, Timestamp};
use futures::{
    future::{join, join_all},
    poll,
};
use newsroom::{
    Error, Priority, Result, Write,
    storage::{Counter, Revision},
};

use super::support::{Database, TestNewsroom, with_timeout};

on_every_database! {
    author_waits_for_one_commit_of_others_at_most,
    refused_write_leaves_nothing_behind,
    write_that_panics_stops_no_later_one,
}

/// The most writes in one transaction.
const MAX_BATCH: i64 = 64;

/// Takes a revision for an entry, and returns it.
struct Touch {
    entry: EntryId,
    priority: Priority,
    then: Then,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Succeed,
    Refuse,
    Panic,
}

impl Write for Touch {
    type Output = Rev;

    fn priority(&self) -> Priority {
        self.priority
    }

    async fn apply(&self, revision: &mut Revision, _: Timestamp) -> Result<Rev> {
        let rev = revision.take_rev()?;
        revision.change_entry(self.entry).await?;
        assert!(self.then != Then::Panic, "this write panics");
        match self.then {
            Then::Refuse => Err(Error::Forbidden("Refused after a statement.")),
            _ => Ok(rev),
        }
    }
}

async fn author_waits_for_one_commit_of_others_at_most(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await.id;
    let store = database.store().await;
    // No transaction begins before this one ends.
    let locked = store.revise(Counter::ENTRIES).await.unwrap();
    let before = locked.last_rev();
    let write = |priority| {
        let then = Then::Succeed;
        Box::pin(newsroom.write(Touch {
            entry,
            priority,
            then,
        }))
    };
    let mut others: Vec<_> = (0..4 * MAX_BATCH).map(|_| write(Priority::Other)).collect();
    for other in &mut others {
        // Puts the write into the queue, or into the line for it.
        assert!(poll!(other).is_pending());
    }
    let mut author = write(Priority::Author);
    assert!(poll!(&mut author).is_pending());
    drop(locked);
    let (author, others) = with_timeout(join(author, join_all(others))).await;
    let author = author.unwrap();
    assert!(
        author <= before + MAX_BATCH + 1,
        "{} came first",
        author - before - 1
    );
    let mut revs: Vec<_> = others.into_iter().map(Result::unwrap).collect();
    revs.push(author);
    revs.sort_unstable();
    let expected: Vec<_> = (before + 1..=before + 4 * MAX_BATCH + 1).collect();
    assert_eq!(revs, expected);
    store.close().await;
}

async fn refused_write_leaves_nothing_behind(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let store = database.store().await;
    let locked = store.revise(Counter::ENTRIES).await.unwrap();
    let before = locked.last_rev();
    let is_refused = |n: usize| n.is_multiple_of(4);
    let write = |n| {
        Box::pin(newsroom.write(Touch {
            entry: entry.id,
            priority: Priority::Author,
            then: if is_refused(n) {
                Then::Refuse
            } else {
                Then::Succeed
            },
        }))
    };
    let mut writes: Vec<_> = (0..20).map(write).collect();
    for write in &mut writes {
        assert!(poll!(write).is_pending());
    }
    drop(locked);
    let mut revs = Vec::new();
    for (n, result) in with_timeout(join_all(writes)).await.into_iter().enumerate() {
        match result {
            Ok(rev) if !is_refused(n) => revs.push(rev),
            Err(Error::Forbidden(_)) if is_refused(n) => {}
            other => panic!("{other:?}"),
        }
    }
    revs.sort_unstable();
    let expected: Vec<_> = (before + 1..=before + 15).collect();
    assert_eq!(revs, expected, "a refused write takes no revision");
    assert_eq!(newsroom.feed_head(&entry).await, before + 15);
    store.close().await;
}

async fn write_that_panics_stops_no_later_one(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let before = newsroom.feed_head(&entry).await;
    let panics = Touch {
        entry: entry.id,
        priority: Priority::Author,
        then: Then::Panic,
    };
    assert_refused!(newsroom.write(panics).await, Error::Internal(_));
    assert_eq!(newsroom.post(&entry, "an update").await.rev, before + 1);
}
