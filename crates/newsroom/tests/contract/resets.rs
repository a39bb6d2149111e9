//! Resets: cursors that can't be continued from, and their causes.

use domain::{Change, Cursor, Epoch, FeedId, PostedUpdate, Reset};
use newsroom::{Error, Newsroom};

use super::support::{Database, Event, PageModel, Stream, TestNewsroom, batch, card, with_timeout};

on_every_database! {
    invalid_cursor_causes_a_reset,
    new_epoch_resets_every_stream,
    changes_by_a_restore_are_shown,
    cursor_of_the_old_epoch_is_refused_at_once,
    restored_backup_starts_a_new_epoch,
    restored_backup_starts_only_one_new_epoch,
    restore_that_started_an_epoch_keeps_it,
    restart_keeps_the_epoch,
}

/// Returns the results of a poll from `since`, and of the check before a stream from `since`.
async fn results(newsroom: &Newsroom, feed: FeedId, since: &Cursor) -> [Result<(), Error>; 2] {
    [
        newsroom.changes(feed, Some(*since)).await.map(drop),
        newsroom.check_cursor(feed, since).await.map(drop),
    ]
}

async fn invalid_cursor_causes_a_reset(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let head = newsroom.post(&entry, "a").await.rev;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    let other = Epoch::parse("another").unwrap();
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        for rev in [0, head] {
            for result in results(&newsroom, feed, &Cursor::new(epoch, rev)).await {
                result.unwrap();
            }
        }
        for invalid in [
            Cursor::new(epoch, head + 1),
            Cursor::new(epoch, i64::MAX),
            Cursor::new(other, 0),
            Cursor::new(other, head),
        ] {
            for result in results(&newsroom, feed, &invalid).await {
                match result {
                    Err(Error::Reset(reset)) => {
                        assert_eq!(reset, Reset::new(epoch, head));
                    }
                    other => panic!("{invalid}: {other:?}"),
                }
            }
        }
    }
}

async fn new_epoch_resets_every_stream(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "kept").await;
    let feeds = [FeedId::Entry(entry.id), FeedId::All];
    let before = newsroom.head(FeedId::All).await.unwrap().epoch;
    let mut streams = feeds.map(|feed| Stream::open(&newsroom.newsroom, feed, None));
    database.begin_epoch().await;

    for (stream, feed) in streams.iter_mut().zip(feeds) {
        assert!(matches!(stream.next_event().await, Event::Reset));
        // A page reloads at once, and must not get an empty response.
        let everything = batch(&newsroom.changes(feed, None).await.unwrap());
        assert_ne!(everything.epoch, before);
        assert_eq!(everything.changes.len(), 1);
        assert_eq!(newsroom.head(feed).await.unwrap().epoch, everything.epoch);
    }
    let mut stream = Stream::open(&newsroom.newsroom, feeds[0], None);
    let posted = newsroom.post(&entry, "new").await;
    assert_eq!(stream.next_batch().await.to, posted.rev);
}

/// Revisions of another epoch are different revisions, even if their numbers are equal.
async fn changes_by_a_restore_are_shown(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let PostedUpdate { id, rev } = newsroom.post(&entry, "lost").await;
    assert_eq!(newsroom.changes_after(feed, 0).await.changes[0].rev(), rev);
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    database
        .import_updates_with_html("<p dir=\"auto\">restored</p>")
        .await;
    assert!(matches!(stream.next_event().await, Event::Reset));
    let everything = batch(&newsroom.changes(feed, None).await.unwrap());
    let [Change::Upserted(update)] = &everything.changes[..] else {
        panic!("{everything:?}");
    };
    assert_eq!((update.id, update.rev), (id, rev));
    let card = card(id, "restored");
    assert_eq!(update.html, card);
}

async fn cursor_of_the_old_epoch_is_refused_at_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    newsroom.post(&entry, "kept").await;
    let old = newsroom.entry_page(&entry.slug).await.unwrap().cursor;
    // This puts the response into the cache.
    newsroom.changes(feed, Some(old)).await.unwrap();
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    database.begin_epoch().await;
    assert!(matches!(stream.next_event().await, Event::Reset));
    for result in results(&newsroom, feed, &old).await {
        assert_refused!(result, Error::Reset(_));
    }
}

async fn restored_backup_starts_a_new_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    newsroom.post(&entry, "in the copy").await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.post(&entry, "published, then lost").await;
    let page = PageModel::open(&newsroom, &entry).await;
    newsroom.shut_down().await;
    database.restore_backup().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_ne!(
        newsroom.head(feed).await.unwrap().epoch,
        page.cursor().epoch
    );
    for result in results(&newsroom, feed, page.cursor()).await {
        assert_refused!(result, Error::Reset(_));
    }
    // Another update is now published at the revision that was lost.
    let posted = newsroom.post(&entry, "new").await;
    assert_eq!(posted.rev, page.cursor().rev);
    for result in results(&newsroom, feed, page.cursor()).await {
        assert_refused!(result, Error::Reset(_));
    }
    let everything = batch(&newsroom.changes(feed, None).await.unwrap());
    assert_eq!(everything.changes.len(), 2);
    assert_eq!(newsroom.texts(&entry).await, ["in the copy", "new"]);
}

/// Restores a backup that is older than the last published update.
async fn restore_old_backup(database: &Database) {
    let newsroom = TestNewsroom::on(database).await;
    let entry = newsroom.live_entry().await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(database).await;
    newsroom.post(&entry, "lost").await;
    newsroom.shut_down().await;
    database.restore_backup().await;
}

async fn restored_backup_starts_only_one_new_epoch(database: Database) {
    restore_old_backup(&database).await;
    let newsroom = TestNewsroom::on(&database).await;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn restore_that_started_an_epoch_keeps_it(database: Database) {
    restore_old_backup(&database).await;
    database.begin_epoch().await;
    let store = database.store().await;
    let epoch = store.snapshot().await.unwrap().feed().await.unwrap().epoch;
    store.close().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn restart_keeps_the_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut page = PageModel::open(&newsroom, &entry).await;
    newsroom.post(&entry, "a").await;
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    newsroom.post(&entry, "b").await;
    with_timeout(page.catch_up(&newsroom)).await;
    assert_eq!(page.cards().len(), 2);
}
