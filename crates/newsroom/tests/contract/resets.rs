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
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let head = room.post(&entry, "a").await.rev;
    let epoch = room.head(FeedId::All).await.unwrap().epoch;
    let other = Epoch::parse("another").unwrap();
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        for rev in [0, head] {
            for answer in answers(&room, feed, &Cursor::new(epoch.clone(), rev)).await {
                answer.unwrap();
            }
        }
        for nowhere in [
            Cursor::new(epoch.clone(), head + 1),
            Cursor::new(epoch.clone(), i64::MAX),
            Cursor::new(other.clone(), 0),
            Cursor::new(other.clone(), head),
        ] {
            for answer in answers(&room, feed, &nowhere).await {
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
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.post(&entry, "kept").await;
    let feeds = [FeedId::Entry(entry.id), FeedId::All];
    let before = room.head(FeedId::All).await.unwrap().epoch;
    let mut streams = feeds.map(|feed| Stream::open(&room.newsroom, feed, None));
    database.begin_epoch().await;

    for (stream, feed) in streams.iter_mut().zip(feeds) {
        assert!(matches!(stream.next_soon().await, Event::Reset));
        // A page asks for everything at once; that must not find an empty house.
        let everything = batch(&room.changes(feed, None).await.unwrap());
        assert_ne!(everything.epoch, before);
        assert_eq!(everything.changes.len(), 1);
        assert_eq!(room.head(feed).await.unwrap().epoch, everything.epoch);
    }
    let mut stream = Stream::open(&room.newsroom, feeds[0], None);
    let posted = room.post(&entry, "new").await;
    assert_eq!(stream.next_batch().await.to, posted.rev);
}

/// Revisions of another epoch are other revisions, though their numbers are the same.
async fn what_a_restore_changed_is_shown(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let PostedUpdate { id, rev } = room.post(&entry, "lost").await;
    assert_eq!(room.changes_after(feed, 0).await.changes[0].rev(), rev);
    let mut stream = Stream::open(&room.newsroom, feed, None);
    database
        .restore_updates_that_say("<p dir=\"auto\">restored</p>")
        .await;
    assert!(matches!(stream.next_soon().await, Event::Reset));
    let everything = batch(&room.changes(feed, None).await.unwrap());
    let [Change::Presented(update)] = &everything.changes[..] else {
        panic!("{everything:?}");
    };
    assert_eq!((update.id, update.rev), (id, rev));
    let card = card(id, "restored");
    assert_eq!(update.html, card);
}

async fn a_cursor_of_the_old_epoch_is_refused_at_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    room.post(&entry, "kept").await;
    let old = room.entry_page(&entry.slug).await.unwrap().cursor;
    // Somebody asked, so that the answer is at hand.
    room.changes(feed, Some(old.clone())).await.unwrap();
    let mut stream = Stream::open(&room.newsroom, feed, None);
    database.begin_epoch().await;
    assert!(matches!(stream.next_soon().await, Event::Reset));
    for answer in answers(&room, feed, &old).await {
        assert_refused!(answer, Error::Reset(_));
    }
}

async fn an_old_copy_put_back_begins_another_epoch(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    room.post(&entry, "in the copy").await;
    room.shut_down().await;
    database.back_up().await;
    let room = TestNewsroom::on(&database).await;
    room.post(&entry, "published, and lost").await;
    let page = LivePage::open(&room, &entry).await;
    room.shut_down().await;
    database.put_back().await;

    let room = TestNewsroom::on(&database).await;
    assert_ne!(room.head(feed).await.unwrap().epoch, page.cursor().epoch);
    for answer in answers(&room, feed, page.cursor()).await {
        assert_refused!(answer, Error::Reset(_));
    }
    // At the very revision that was lost, something else is published now.
    let posted = room.post(&entry, "new").await;
    assert_eq!(posted.rev, page.cursor().rev);
    for answer in answers(&room, feed, page.cursor()).await {
        assert_refused!(answer, Error::Reset(_));
    }
    let everything = batch(&room.changes(feed, None).await.unwrap());
    assert_eq!(everything.changes.len(), 2);
    assert_eq!(room.texts(&entry).await, ["in the copy", "new"]);
}

/// Leaves the copy of a database that stands behind what was published from it since.
async fn go_back(database: &Database) {
    let room = TestNewsroom::on(database).await;
    let entry = room.live_entry().await;
    room.shut_down().await;
    database.back_up().await;
    let room = TestNewsroom::on(database).await;
    room.post(&entry, "lost").await;
    room.shut_down().await;
    database.put_back().await;
}

async fn an_old_copy_is_noticed_once(database: Database) {
    go_back(&database).await;
    let room = TestNewsroom::on(&database).await;
    let epoch = room.head(FeedId::All).await.unwrap().epoch;
    room.shut_down().await;

    let room = TestNewsroom::on(&database).await;
    assert_eq!(room.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn a_restore_that_began_an_epoch_keeps_it(database: Database) {
    go_back(&database).await;
    database.begin_epoch().await;
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    newsroom.close().await;

    let room = TestNewsroom::on(&database).await;
    assert_eq!(room.head(FeedId::All).await.unwrap().epoch, epoch);
}

async fn a_restart_keeps_the_epoch(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let mut page = LivePage::open(&room, &entry).await;
    room.post(&entry, "a").await;
    room.shut_down().await;

    let room = TestNewsroom::on(&database).await;
    room.post(&entry, "b").await;
    soon(page.catch_up(&room)).await;
    assert_eq!(page.shows().len(), 2);
}
