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
async fn told(room: &TestNewsroom, entry: &Entry, rev: domain::Rev) -> Option<EntryChange> {
    let batch = room.changes_after(FeedId::Entry(entry.id), rev).await;
    batch.entry.map(|entry| *entry)
}

/// What stands above the entry's list.
async fn top(room: &TestNewsroom, entry: &Entry) -> String {
    told(room, entry, 0).await.unwrap().highlights
}

async fn a_mark_is_set_once_and_taken_off_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let PostedUpdate { id, .. } = room.post(&entry, "goal").await;
    for mark in [Mark::Key, Mark::Pinned] {
        for on in [true, false] {
            let before = room.feed_head(&entry).await;
            room.mark_update(&room.author, id, mark, on, None)
                .await
                .unwrap();
            let page = room.entry_page(&entry.slug).await.unwrap();
            assert_eq!(page.updates[0].has(mark), on);
            assert!(page.updates[0].rev > before);
            assert_eq!(page.updates[0].edited_at, None, "a mark is no edit");
            let after = room.feed_head(&entry).await;
            assert_eq!(told(&room, &entry, before).await.unwrap().rev, after);
            room.mark_update(&room.author, id, mark, on, None)
                .await
                .unwrap();
            assert_eq!(room.feed_head(&entry).await, after, "{mark:?} {on}, again");
        }
    }
}

async fn one_update_of_an_entry_is_pinned(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let (entry, other) = (
        room.live_entry().await,
        room.entry("other", domain::EntryState::Live).await,
    );
    let posted = [room.post(&entry, "a").await, room.post(&entry, "b").await];
    let elsewhere = room.post(&other, "c").await;
    for update in [elsewhere, posted[0], posted[1]] {
        room.mark_update(&room.author, update.id, Mark::Pinned, true, None)
            .await
            .unwrap();
    }
    assert_eq!(top(&room, &entry).await, "pinned b\n");
    assert_eq!(top(&room, &other).await, "pinned c\n");
    let since = posted[1].rev;
    let batch = room.changes_after(FeedId::Entry(entry.id), since).await;
    let told: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(told, [posted[0].id, posted[1].id], "both cards changed");
    assert_eq!(batch.to, room.feed_head(&entry).await);
}

async fn the_entrys_top_follows_what_happens_to_its_updates(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    assert_eq!(top(&room, &entry).await, "");
    let first = room.post(&entry, "frist").await.id;
    let second = room.post(&entry, "second").await.id;
    room.mark_update(&room.author, second, Mark::Key, true, None)
        .await
        .unwrap();
    room.mark_update(&room.author, first, Mark::Key, true, None)
        .await
        .unwrap();
    assert_eq!(top(&room, &entry).await, "frist\nsecond\n");

    let mut head = room.feed_head(&entry).await;
    let mut tells = async |expected: &str| {
        let told = told(&room, &entry, head).await.unwrap();
        assert_eq!(told.highlights, expected);
        head = told.rev;
    };
    room.edit_update(&room.author, first, &draft("first"), None)
        .await
        .unwrap();
    tells("first\nsecond\n").await;
    room.delete_update(&room.author, first, None).await.unwrap();
    tells("second\n").await;
    room.restore_update(&room.author, first, None)
        .await
        .unwrap();
    tells("first\nsecond\n").await;

    let head = room.feed_head(&entry).await;
    room.post(&entry, "third").await;
    assert_eq!(
        told(&room, &entry, head).await,
        None,
        "nothing of it changed"
    );
}

async fn a_pinned_update_that_was_deleted_comes_back_without_the_pin_that_another_has_since(
    database: Database,
) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (one, other) = (
        room.post(&entry, "a").await.id,
        room.post(&entry, "b").await.id,
    );
    let pin = async |id| {
        room.mark_update(&room.author, id, Mark::Pinned, true, None)
            .await
    };
    pin(one).await.unwrap();
    room.delete_update(&room.author, one, None).await.unwrap();
    assert_eq!(top(&room, &entry).await, "");
    pin(other).await.unwrap();
    room.restore_update(&room.author, one, None).await.unwrap();
    assert_eq!(top(&room, &entry).await, "pinned b\n");
}

async fn what_is_deleted_cannot_be_marked(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let id = room.post(&entry, "a").await.id;
    room.delete_update(&room.author, id, None).await.unwrap();
    let head = room.feed_head(&entry).await;
    for (id, is_deleted) in [(id, true), (domain::UpdateId(999), false)] {
        let refused = room
            .mark_update(&room.author, id, Mark::Key, true, None)
            .await;
        if is_deleted {
            assert_refused!(refused, Error::Removed);
        } else {
            assert_refused!(refused, Error::Unknown("update"));
        }
    }
    assert_eq!(room.feed_head(&entry).await, head);
}

/// Posts an update that is marked.
async fn post_marked(
    room: &TestNewsroom,
    entry: &Entry,
    op_id: &OpId,
    text: &str,
    marks: &[Mark],
) -> Result<PostedUpdate, Error> {
    let (viewer, draft) = (&room.author, draft(text));
    room.post_marked_update(viewer, &entry.slug, op_id, &draft, marks, Duration::ZERO)
        .await
        .map(|result| result.update())
}

async fn an_update_is_marked_from_the_first(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (op, both) = (op_id(), [Mark::Key, Mark::Pinned]);
    let before = room.feed_head(&entry).await;
    let first = post_marked(&room, &entry, &op, "a", &both).await.unwrap();
    assert_eq!(first.rev, before + 1, "it was seen without its marks");
    assert_eq!(told(&room, &entry, before).await.unwrap().rev, first.rev);
    assert_eq!(top(&room, &entry).await, "pinned a\n");
    let second = post_marked(&room, &entry, &op_id(), "b", &[Mark::Pinned])
        .await
        .unwrap();
    assert!(top(&room, &entry).await.contains("pinned b\n"));
    let batch = room.changes_after(FeedId::Entry(entry.id), first.rev).await;
    let changed: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(changed, [first.id, second.id]);

    let again = post_marked(&room, &entry, &op, "a", &both).await.unwrap();
    assert_eq!(again, first);
    assert!(
        top(&room, &entry).await.contains("pinned b\n"),
        "a retry pinned it again"
    );
    for other in [&[][..], &[Mark::Key], &[Mark::Pinned]] {
        let repeated = post_marked(&room, &entry, &op, "a", other).await;
        assert_refused!(repeated, Error::Repeated);
    }
}

async fn of_many_that_are_posted_pinned_at_once_one_is(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (newsroom, author, slug) = (
            room.newsroom.clone(),
            room.author.clone(),
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
    let page = room.entry_page(&entry.slug).await.unwrap();
    let pinned = page.updates.iter().filter(|update| update.pinned);
    assert_eq!((page.updates.len(), pinned.count()), (20, 1));
    let batch = room.changes_after(FeedId::Entry(entry.id), 0).await;
    assert!(batch.changes.is_sorted_by(|a, b| a.rev() < b.rev()));
    assert_eq!(batch.changes.len(), 20);
}
