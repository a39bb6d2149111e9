//! Updates: deleting, restoring and erasing them.

use std::time::Duration;

use domain::{Draft, UpdateId};
use newsroom::{Error, UNDO_WINDOW};

use super::support::{Database, TestNewsroom, op_id, with_timeout};

on_every_database! {
    deletion_removes_the_update_once,
    deletion_can_be_undone_within_the_undo_window,
    deleted_text_is_erased_after_the_undo_window,
}

async fn deletion_removes_the_update_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "stays").await;
    let posted = newsroom.post(&entry, "goes").await;
    newsroom
        .delete_update(&newsroom.author, posted.id, None, None)
        .await
        .unwrap();

    assert_eq!(newsroom.texts(&entry).await, ["stays"]);
    let page = newsroom.update_page(&entry.slug, posted.id).await;
    assert_refused!(page, Error::Removed);
    let (_, all) = newsroom.updates_after(entry.id, UpdateId(0)).await.unwrap();
    assert_eq!(all.len(), 1);
    let numbers = newsroom.update_ids(entry.id).await.unwrap();
    assert_eq!(numbers, [all[0].id]);
    let head = newsroom.feed_head(&entry).await;
    assert!(head > posted.rev);

    newsroom
        .delete_update(&newsroom.author, posted.id, None, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.feed_head(&entry).await,
        head,
        "the repeated request changed something"
    );
}

async fn deletion_can_be_undone_within_the_undo_window(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let first = newsroom.post(&entry, "first").await;
    newsroom.manual_clock.advance(1_000_000);
    newsroom.post(&entry, "second").await;
    newsroom
        .delete_update(&newsroom.author, first.id, None, None)
        .await
        .unwrap();
    newsroom.manual_clock.advance(UNDO_WINDOW);

    newsroom
        .restore_update(&newsroom.author, first.id, None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["first", "second"]);
    let head = newsroom.feed_head(&entry).await;
    newsroom
        .restore_update(&newsroom.author, first.id, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.feed_head(&entry).await,
        head,
        "the repeated request changed something"
    );
    let (_, restored) = newsroom.update_page(&entry.slug, first.id).await.unwrap();
    assert_eq!((restored.rev, restored.edited_at), (head, None));

    newsroom
        .delete_update(&newsroom.author, first.id, None, None)
        .await
        .unwrap();
    newsroom.manual_clock.advance(UNDO_WINDOW + 1);
    let too_late = newsroom
        .restore_update(&newsroom.author, first.id, None)
        .await;
    assert_refused!(too_late, Error::Forbidden(_));
    assert_eq!(newsroom.texts(&entry).await, ["second"]);
}

async fn deleted_text_is_erased_after_the_undo_window(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let secret = Draft::parse("the source's name", "The source").unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let posted = newsroom
            .post_update(&newsroom.author, &entry.slug, &op_id(), &secret, None)
            .await
            .unwrap();
        newsroom
            .delete_update(&newsroom.author, posted.id, None, None)
            .await
            .unwrap();
        newsroom.manual_clock.advance(UNDO_WINDOW / 2 + 1);
        ids.push(posted.id);
    }
    let (options, now) = database.options();
    now.advance(newsroom.clock().now().0 - options.clock.now().0);
    newsroom.shut_down().await;

    // A server erases expired texts when it starts.
    let newsroom = TestNewsroom::on_options(&database, options, now).await;
    let store = database.store().await;
    let stored = async |id| {
        let mut snapshot = store.snapshot().await.unwrap();
        snapshot.editable_update(id).await.unwrap().unwrap()
    };
    with_timeout(async {
        while !stored(ids[0]).await.source.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let erased = stored(ids[0]).await;
    let erased = erased.update;
    assert_eq!((erased.html.as_str(), erased.headline), ("", None));
    assert_eq!(database.excerpts().await, ["", "the source's name"]);
    assert_eq!(stored(ids[1]).await.source, "the source's name");

    // Setting the clock back does not bring the text back.
    newsroom.manual_clock.advance(-UNDO_WINDOW);
    let restored = newsroom
        .restore_update(&newsroom.author, ids[0], None)
        .await;
    assert_refused!(restored, Error::Forbidden(_));
    newsroom
        .restore_update(&newsroom.author, ids[1], None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["the source's name"]);
    store.close().await;
}
