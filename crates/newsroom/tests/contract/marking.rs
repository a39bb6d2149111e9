//! Updates: marking them as key moments, and pinning them.

use domain::{EntryChange, FeedId, Mark, OpId, PostedUpdate};
use newsroom::{Entry, Error};
use sqlx::{Connection, Executor};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    mark_is_set_once_and_removed_once,
    entry_has_at_most_one_pinned_update,
    highlights_follow_changes_of_the_updates,
    restored_update_does_not_take_back_its_pin,
    deleted_update_cannot_be_marked,
    update_is_posted_together_with_its_marks,
    one_of_many_concurrent_pinned_posts_is_pinned,
    last_of_several_pins_of_an_earlier_release_stays,
}

/// Returns the change of the entry itself in the feed after `rev`.
async fn entry_change(
    newsroom: &TestNewsroom,
    entry: &Entry,
    rev: domain::Rev,
) -> Option<EntryChange> {
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), rev).await;
    batch.entry.map(|entry| *entry)
}

/// Returns the highlights above the entry's list.
async fn highlights(newsroom: &TestNewsroom, entry: &Entry) -> String {
    entry_change(newsroom, entry, 0).await.unwrap().highlights
}

async fn mark_is_set_once_and_removed_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let PostedUpdate { id, .. } = newsroom.post(&entry, "goal").await;
    for mark in [Mark::Key, Mark::Pinned] {
        for on in [true, false] {
            let before = newsroom.feed_head(&entry).await;
            newsroom
                .mark_update(&newsroom.author, id, mark, on, None)
                .await
                .unwrap();
            let page = newsroom.entry_page(&entry.slug).await.unwrap();
            assert_eq!(page.updates[0].has(mark), on);
            assert!(page.updates[0].rev > before);
            assert_eq!(page.updates[0].edited_at, None, "a mark is not an edit");
            let after = newsroom.feed_head(&entry).await;
            assert_eq!(
                entry_change(&newsroom, &entry, before).await.unwrap().rev,
                after
            );
            newsroom
                .mark_update(&newsroom.author, id, mark, on, None)
                .await
                .unwrap();
            assert_eq!(
                newsroom.feed_head(&entry).await,
                after,
                "repeating {mark:?} {on} changed something"
            );
        }
    }
}

async fn entry_has_at_most_one_pinned_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (entry, other) = (
        newsroom.live_entry().await,
        newsroom.entry("other", domain::EntryState::Live).await,
    );
    let posted = [
        newsroom.post(&entry, "a").await,
        newsroom.post(&entry, "b").await,
    ];
    let elsewhere = newsroom.post(&other, "c").await;
    for update in [elsewhere, posted[0], posted[1]] {
        newsroom
            .mark_update(&newsroom.author, update.id, Mark::Pinned, true, None)
            .await
            .unwrap();
    }
    assert_eq!(highlights(&newsroom, &entry).await, "pinned b\n");
    assert_eq!(highlights(&newsroom, &other).await, "pinned c\n");
    let since = posted[1].rev;
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), since).await;
    let changed: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(changed, [posted[0].id, posted[1].id], "both cards changed");
    assert_eq!(batch.to, newsroom.feed_head(&entry).await);
}

async fn highlights_follow_changes_of_the_updates(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    assert_eq!(highlights(&newsroom, &entry).await, "");
    let first = newsroom.post(&entry, "frist").await.id;
    let second = newsroom.post(&entry, "second").await.id;
    newsroom
        .mark_update(&newsroom.author, second, Mark::Key, true, None)
        .await
        .unwrap();
    newsroom
        .mark_update(&newsroom.author, first, Mark::Key, true, None)
        .await
        .unwrap();
    assert_eq!(highlights(&newsroom, &entry).await, "frist\nsecond\n");

    let mut head = newsroom.feed_head(&entry).await;
    let mut assert_highlights = async |expected: &str| {
        let change = entry_change(&newsroom, &entry, head).await.unwrap();
        assert_eq!(change.highlights, expected);
        head = change.rev;
    };
    newsroom
        .edit_update(&newsroom.author, first, &draft("first"), None, None)
        .await
        .unwrap();
    assert_highlights("first\nsecond\n").await;
    newsroom
        .delete_update(&newsroom.author, first, None, None)
        .await
        .unwrap();
    assert_highlights("second\n").await;
    newsroom
        .restore_update(&newsroom.author, first, None)
        .await
        .unwrap();
    assert_highlights("first\nsecond\n").await;

    let head = newsroom.feed_head(&entry).await;
    newsroom.post(&entry, "third").await;
    assert_eq!(
        entry_change(&newsroom, &entry, head).await,
        None,
        "the entry itself did not change"
    );
}

async fn restored_update_does_not_take_back_its_pin(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (one, other) = (
        newsroom.post(&entry, "a").await.id,
        newsroom.post(&entry, "b").await.id,
    );
    let pin = async |id| {
        newsroom
            .mark_update(&newsroom.author, id, Mark::Pinned, true, None)
            .await
    };
    pin(one).await.unwrap();
    newsroom
        .delete_update(&newsroom.author, one, None, None)
        .await
        .unwrap();
    assert_eq!(highlights(&newsroom, &entry).await, "");
    pin(other).await.unwrap();
    newsroom
        .restore_update(&newsroom.author, one, None)
        .await
        .unwrap();
    assert_eq!(highlights(&newsroom, &entry).await, "pinned b\n");
}

async fn deleted_update_cannot_be_marked(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "a").await.id;
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    for (id, is_deleted) in [(id, true), (domain::UpdateId(999), false)] {
        let refused = newsroom
            .mark_update(&newsroom.author, id, Mark::Key, true, None)
            .await;
        if is_deleted {
            assert_refused!(refused, Error::Removed);
        } else {
            assert_refused!(refused, Error::NotFound("update"));
        }
    }
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

/// Posts an update with marks.
async fn post_marked(
    newsroom: &TestNewsroom,
    entry: &Entry,
    op_id: &OpId,
    text: &str,
    marks: &[Mark],
) -> Result<PostedUpdate, Error> {
    let (caller, draft) = (&newsroom.author, draft(text));
    newsroom
        .post_marked_update(caller, &entry.slug, op_id, &draft, marks, None)
        .await
        .map(|result| result.update())
}

async fn update_is_posted_together_with_its_marks(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, both) = (op_id(), [Mark::Key, Mark::Pinned]);
    let before = newsroom.feed_head(&entry).await;
    let first = post_marked(&newsroom, &entry, &op, "a", &both)
        .await
        .unwrap();
    assert_eq!(
        first.rev,
        before + 1,
        "the update was published before its marks"
    );
    assert_eq!(
        entry_change(&newsroom, &entry, before).await.unwrap().rev,
        first.rev
    );
    assert_eq!(highlights(&newsroom, &entry).await, "pinned a\n");
    let second = post_marked(&newsroom, &entry, &op_id(), "b", &[Mark::Pinned])
        .await
        .unwrap();
    assert!(highlights(&newsroom, &entry).await.contains("pinned b\n"));
    let batch = newsroom
        .changes_after(FeedId::Entry(entry.id), first.rev)
        .await;
    let changed: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(changed, [first.id, second.id]);

    let again = post_marked(&newsroom, &entry, &op, "a", &both)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert!(
        highlights(&newsroom, &entry).await.contains("pinned b\n"),
        "a retry pinned the update again"
    );
    for other in [&[][..], &[Mark::Key], &[Mark::Pinned]] {
        let repeated = post_marked(&newsroom, &entry, &op, "a", other).await;
        assert_refused!(repeated, Error::IdempotencyConflict);
    }
}

async fn one_of_many_concurrent_pinned_posts_is_pinned(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (newsroom, author, slug) = (
            newsroom.newsroom.clone(),
            newsroom.author.clone(),
            entry.slug.clone(),
        );
        posts.spawn(async move {
            let (op, text, marks) = (op_id(), draft("at once"), [Mark::Pinned]);
            newsroom
                .post_marked_update(&author, &slug, &op, &text, &marks, None)
                .await
                .unwrap()
        });
    }
    posts.join_all().await;
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    let pinned = page.updates.iter().filter(|update| update.pinned);
    assert_eq!((page.updates.len(), pinned.count()), (20, 1));
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), 0).await;
    assert!(batch.changes.is_sorted_by(|a, b| a.rev() < b.rev()));
    assert_eq!(batch.changes.len(), 20);
}

/// In the database, one entry has three pinned updates, of which the last one is deleted; another
/// has only one.
async fn last_of_several_pins_of_an_earlier_release_stays(database: Database) {
    let mut connection = database.of_earlier_release(8).await;
    let rows = "
        INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, 'old', 6, 0);
        INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
        VALUES ('ann', 'ann', 'author', 'none', 0);
        INSERT INTO entries (id, slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
        VALUES (1, 'final', 'Final', '', 'live', 'UTC', 0, 'oldest', 6, 6),
               (2, 'other', 'Other', '', 'live', 'UTC', 0, 'oldest', 5, 5);
        INSERT INTO updates (id, entry_id, author_id, rev, source, html, posted_at, is_pinned, deleted_at)
        VALUES (1, 1, 1, 1, 'first', '<p>first</p>', 1, 1, NULL),
               (2, 1, 1, 3, 'second', '<p>second</p>', 2, 1, NULL),
               (3, 1, 1, 4, 'deleted', '<p>deleted</p>', 3, 1, 3),
               (4, 2, 1, 5, 'alone', '<p>alone</p>', 1, 1, NULL);";
    connection.execute(rows).await.unwrap();
    connection.close().await.unwrap();

    let newsroom = TestNewsroom::on(&database).await;
    for (entry, pins) in [("final", &[false, true][..]), ("other", &[true])] {
        let page = newsroom.entry_page(&slug(entry)).await.unwrap();
        let pinned: Vec<_> = page.updates.iter().map(|it| it.pinned).collect();
        assert_eq!(pinned, pins, "{entry}");
        assert_ne!(
            page.cursor.epoch.as_str(),
            "old",
            "clients fetch the repaired pins"
        );
    }
}
