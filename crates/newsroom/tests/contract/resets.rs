//! Cursors that can't be continued from, and what makes them so.

use domain::{Change, Cursor, Epoch, PostedUpdate, Reset};
use newsroom::{Error, Newsroom, live::FeedId};

use super::support::{Database, Event, LivePage, Stream, TestNewsroom, batch, card, soon};

on_every_database! {
    a_cursor_that_leads_nowhere_is_a_reset,
    another_epoch_resets_every_stream,
    what_a_restore_changed_is_shown,
    a_cursor_of_the_old_epoch_is_refused_at_once,
    an_old_copy_put_back_begins_another_epoch,
    an_old_copy_is_noticed_once,
    a_restore_that_began_an_epoch_keeps_it,
    a_restart_keeps_the_epoch,
}

/// What a cursor is answered with, by a poll and by a stream that wants to begin there.
async fn answers(newsroom: &Newsroom, feed: FeedId, since: &Cursor) -> [Result<(), Error>; 2] {
    [
        newsroom.changes(feed, Some(since.clone())).await.map(drop),
        newsroom.check_cursor(feed, since).await.map(drop),
    ]
}

async fn a_cursor_that_leads_nowhere_is_a_reset(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let head = newsroom.post(&entry, "a").await.rev;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    let other = Epoch::parse("another").unwrap();
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        for rev in [0, head] {
            for answer in answers(&newsroom, feed, &Cursor::new(epoch.clone(), rev)).await {
                answer.unwrap();
            }
        }
        for nowhere in [
            Cursor::new(epoch.clone(), head + 1),
            Cursor::new(epoch.clone(), i64::MAX),
            Cursor::new(other.clone(), 0),
            Cursor::new(other.clone(), head),
        ] {
            for answer in answers(&newsroom, feed, &nowhere).await {
                match answer {
                    Err(Error::Reset(reset)) => {
                        assert_eq!(reset, Reset::new(epoch.clone(), head));
                    }
                    other => panic!("{nowhere}: {other:?}"),
                }
            }
        }
    }
}

async fn another_epoch_resets_every_stream(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "kept").await;
    let feeds = [FeedId::Entry(entry.id), FeedId::All];
    let before = newsroom.head(FeedId::All).await.unwrap().epoch;
    let mut streams = feeds.map(|feed| Stream::open(&newsroom.newsroom, feed, None));
    database.begin_epoch().await;

    for (stream, feed) in streams.iter_mut().zip(feeds) {
        assert!(matches!(stream.next_soon().await, Event::Reset));
        // A page asks for everything at once; that must not find an empty house.
        let everything = batch(&newsroom.changes(feed, None).await.unwrap());
        assert_ne!(everything.epoch, before);
        assert_eq!(everything.changes.len(), 1);
        assert_eq!(newsroom.head(feed).await.unwrap().epoch, everything.epoch);
    }
    let mut stream = Stream::open(&newsroom.newsroom, feeds[0], None);
    let posted = newsroom.post(&entry, "new").await;
    assert_eq!(stream.next_batch().await.to, posted.rev);
}

/// Revisions of another epoch are other revisions, though their numbers are the same.
async fn what_a_restore_changed_is_shown(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let PostedUpdate { id, rev } = newsroom.post(&entry, "lost").await;
    assert_eq!(newsroom.changes_after(feed, 0).await.changes[0].rev(), rev);
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    database
        .restore_updates_that_say("<p dir=\"auto\">restored</p>")
        .await;
    assert!(matches!(stream.next_soon().await, Event::Reset));
    let everything = batch(&newsroom.changes(feed, None).await.unwrap());
    let [Change::Upserted(update)] = &everything.changes[..] else {
        panic!("{everything:?}");
    };
    assert_eq!((update.id, update.rev), (id, rev));
    let card = card(id, "restored");
    assert_eq!(update.html, card);
}

async fn a_cursor_of_the_old_epoch_is_refused_at_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    newsroom.post(&entry, "kept").await;
    let old = newsroom.entry_page(&entry.slug).await.unwrap().cursor;
    // Somebody asked, so that the answer is at hand.
    newsroom.changes(feed, Some(old.clone())).await.unwrap();
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    database.begin_epoch().await;
    assert!(matches!(stream.next_soon().await, Event::Reset));
    for answer in answers(&newsroom, feed, &old).await {
        assert_refused!(answer, Error::Reset(_));
    }
}

async fn an_old_copy_put_back_begins_another_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    newsroom.post(&entry, "in the copy").await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.post(&entry, "published, and lost").await;
    let page = LivePage::open(&newsroom, &entry).await;
    newsroom.shut_down().await;
    database.put_back().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_ne!(
        newsroom.head(feed).await.unwrap().epoch,
        page.cursor().epoch
    );
    for answer in answers(&newsroom, feed, page.cursor()).await {
        assert_refused!(answer, Error::Reset(_));
    }
    // At the very revision that was lost, something else is published now.
    let posted = newsroom.post(&entry, "new").await;
    assert_eq!(posted.rev, page.cursor().rev);
    for answer in answers(&newsroom, feed, page.cursor()).await {
        assert_refused!(answer, Error::Reset(_));
    }
    let everything = batch(&newsroom.changes(feed, None).await.unwrap());
    assert_eq!(everything.changes.len(), 2);
    assert_eq!(newsroom.texts(&entry).await, ["in the copy", "new"]);
}

/// Leaves the copy of a database that stands behind what was published from it since.
async fn go_back(database: &Database) {
    let newsroom = TestNewsroom::on(database).await;
    let entry = newsroom.live_entry().await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(database).await;
    newsroom.post(&entry, "lost").await;
    newsroom.shut_down().await;
    database.put_back().await;
}

async fn an_old_copy_is_noticed_once(database: Database) {
    go_back(&database).await;
    let newsroom = TestNewsroom::on(&database).await;
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn a_restore_that_began_an_epoch_keeps_it(database: Database) {
    go_back(&database).await;
    database.begin_epoch().await;
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    newsroom.close().await;

    let newsroom = TestNewsroom::on(&database).await;
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn a_restart_keeps_the_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut page = LivePage::open(&newsroom, &entry).await;
    newsroom.post(&entry, "a").await;
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    newsroom.post(&entry, "b").await;
    soon(page.catch_up(&newsroom)).await;
    assert_eq!(page.shows().len(), 2);
}
