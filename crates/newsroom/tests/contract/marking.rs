//! Updates: marked as key, pinned.

use std::time::Duration;

use domain::{EntryChange, Mark, OpId, PostedUpdate};
use newsroom::{Entry, Error, live::FeedId};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id};

on_every_database! {
    a_mark_is_set_once_and_taken_off_once,
    one_update_of_an_entry_is_pinned,
    the_entrys_top_follows_what_happens_to_its_updates,
    a_pinned_update_that_was_deleted_comes_back_without_the_pin_that_another_has_since,
    what_is_deleted_cannot_be_marked,
    an_update_is_marked_from_the_first,
    of_many_that_are_posted_pinned_at_once_one_is,
}

/// What the feed told of the entry itself after `rev`.
async fn told(newsroom: &TestNewsroom, entry: &Entry, rev: domain::Rev) -> Option<EntryChange> {
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), rev).await;
    batch.entry.map(|entry| *entry)
}

/// What stands above the entry's list.
async fn top(newsroom: &TestNewsroom, entry: &Entry) -> String {
    told(newsroom, entry, 0).await.unwrap().highlights
}

async fn a_mark_is_set_once_and_taken_off_once(database: Database) {
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
            assert_eq!(page.updates[0].edited_at, None, "a mark is no edit");
            let after = newsroom.feed_head(&entry).await;
            assert_eq!(told(&newsroom, &entry, before).await.unwrap().rev, after);
            newsroom
                .mark_update(&newsroom.author, id, mark, on, None)
                .await
                .unwrap();
            assert_eq!(
                newsroom.feed_head(&entry).await,
                after,
                "{mark:?} {on}, again"
            );
        }
    }
}

async fn one_update_of_an_entry_is_pinned(database: Database) {
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
    assert_eq!(top(&newsroom, &entry).await, "pinned b\n");
    assert_eq!(top(&newsroom, &other).await, "pinned c\n");
    let since = posted[1].rev;
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), since).await;
    let told: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(told, [posted[0].id, posted[1].id], "both cards changed");
    assert_eq!(batch.to, newsroom.feed_head(&entry).await);
}

async fn the_entrys_top_follows_what_happens_to_its_updates(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    assert_eq!(top(&newsroom, &entry).await, "");
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
    assert_eq!(top(&newsroom, &entry).await, "frist\nsecond\n");

    let mut head = newsroom.feed_head(&entry).await;
    let mut tells = async |expected: &str| {
        let told = told(&newsroom, &entry, head).await.unwrap();
        assert_eq!(told.highlights, expected);
        head = told.rev;
    };
    newsroom
        .edit_update(&newsroom.author, first, &draft("first"), None)
        .await
        .unwrap();
    tells("first\nsecond\n").await;
    newsroom
        .delete_update(&newsroom.author, first, None)
        .await
        .unwrap();
    tells("second\n").await;
    newsroom
        .restore_update(&newsroom.author, first, None)
        .await
        .unwrap();
    tells("first\nsecond\n").await;

    let head = newsroom.feed_head(&entry).await;
    newsroom.post(&entry, "third").await;
    assert_eq!(
        told(&newsroom, &entry, head).await,
        None,
        "nothing of it changed"
    );
}

async fn a_pinned_update_that_was_deleted_comes_back_without_the_pin_that_another_has_since(
    database: Database,
) {
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
        .delete_update(&newsroom.author, one, None)
        .await
        .unwrap();
    assert_eq!(top(&newsroom, &entry).await, "");
    pin(other).await.unwrap();
    newsroom
        .restore_update(&newsroom.author, one, None)
        .await
        .unwrap();
    assert_eq!(top(&newsroom, &entry).await, "pinned b\n");
}

async fn what_is_deleted_cannot_be_marked(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "a").await.id;
    newsroom
        .delete_update(&newsroom.author, id, None)
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

/// Posts an update that is marked.
async fn post_marked(
    newsroom: &TestNewsroom,
    entry: &Entry,
    op_id: &OpId,
    text: &str,
    marks: &[Mark],
) -> Result<PostedUpdate, Error> {
    let (caller, draft) = (&newsroom.author, draft(text));
    newsroom
        .post_marked_update(caller, &entry.slug, op_id, &draft, marks, Duration::ZERO)
        .await
        .map(|result| result.update())
}

async fn an_update_is_marked_from_the_first(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, both) = (op_id(), [Mark::Key, Mark::Pinned]);
    let before = newsroom.feed_head(&entry).await;
    let first = post_marked(&newsroom, &entry, &op, "a", &both)
        .await
        .unwrap();
    assert_eq!(first.rev, before + 1, "it was seen without its marks");
    assert_eq!(
        told(&newsroom, &entry, before).await.unwrap().rev,
        first.rev
    );
    assert_eq!(top(&newsroom, &entry).await, "pinned a\n");
    let second = post_marked(&newsroom, &entry, &op_id(), "b", &[Mark::Pinned])
        .await
        .unwrap();
    assert!(top(&newsroom, &entry).await.contains("pinned b\n"));
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
        top(&newsroom, &entry).await.contains("pinned b\n"),
        "a retry pinned it again"
    );
    for other in [&[][..], &[Mark::Key], &[Mark::Pinned]] {
        let repeated = post_marked(&newsroom, &entry, &op, "a", other).await;
        assert_refused!(repeated, Error::IdempotencyConflict);
    }
}

async fn of_many_that_are_posted_pinned_at_once_one_is(database: Database) {
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
                .post_marked_update(&author, &slug, &op, &text, &marks, Duration::ZERO)
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
