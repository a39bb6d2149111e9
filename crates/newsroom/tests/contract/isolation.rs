//! Data that can't be decoded or rendered affects nothing else.

use std::sync::Arc;

use domain::{EntryState, FeedId, UpdateId};
use newsroom::{Error, LiveUpdate};

use super::support::{BeforeCard, Database, Event, Stream, TestNewsroom, draft, op_id, text};

on_every_database! {
    text_longer_than_the_current_limit_is_still_loaded,
    only_the_row_that_cannot_be_decoded_is_left_out,
    entry_that_cannot_be_decoded_affects_no_other_entry,
    panicking_renderer_affects_only_its_own_feed,
}

async fn text_longer_than_the_current_limit_is_still_loaded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "old").await;
    database.execute("UPDATE updates SET headline = '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789';
         UPDATE entries SET title = ''")
    .await;
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(
        page.updates[0].headline.as_ref().unwrap().as_str().len(),
        220
    );
    assert_eq!(page.entry.title.as_str(), "");
    newsroom.post(&entry, "new").await;
    assert_eq!(newsroom.texts(&entry).await, ["old", "new"]);
}

async fn only_the_row_that_cannot_be_decoded_is_left_out(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (healthy, entry) = (
        newsroom.entry("healthy", EntryState::Live).await,
        newsroom.live_entry().await,
    );
    newsroom.post(&entry, "good").await;
    let bad = newsroom.post(&entry, "bad").await;
    let mut streams = [
        FeedId::Entry(healthy.id),
        FeedId::Entry(entry.id),
        FeedId::All,
    ]
    .map(|feed| Stream::open(&newsroom.newsroom, feed, None));
    // SQLite stores text in an integer column. PostgreSQL does not, so the text is changed there.
    let is_sqlite = database.url.starts_with("sqlite");
    if is_sqlite {
        database
            .execute("UPDATE updates SET posted_at = 'never' WHERE source = 'bad'")
            .await;
    } else {
        database
            .execute("UPDATE updates SET source = 'gone' WHERE source = 'bad'")
            .await;
    }
    let posted = newsroom.post(&healthy, "goes on").await;
    let after = newsroom.post(&entry, "goes on, too").await;
    assert_eq!(streams[0].next_batch().await.to, posted.rev);
    assert_eq!(streams[1].next_batch().await.to, after.rev);
    assert_eq!(streams[2].next_batch().await.to, posted.rev);
    let texts = newsroom.texts(&entry).await;
    if is_sqlite {
        assert_eq!(texts, ["good", "goes on, too"]);
        let page = newsroom.update_page(&entry.slug, bad.id).await;
        match page {
            Err(Error::Corrupt { table, id, column }) => {
                assert_eq!(
                    (table, UpdateId(id), &*column),
                    ("updates", bad.id, "posted_at")
                );
            }
            other => panic!("{other:?}"),
        }
    }
    newsroom.front_page().await.unwrap();
    newsroom.live_page().await.unwrap();
    newsroom.desk(&newsroom.owner, None).await.unwrap();
}

async fn entry_that_cannot_be_decoded_affects_no_other_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (healthy, broken) = (
        newsroom.entry("healthy", EntryState::Live).await,
        newsroom.live_entry().await,
    );
    newsroom.post(&broken, "before").await;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(healthy.id), None);
    database
        .execute("UPDATE entries SET default_order = 'sideways' WHERE slug = 'final'")
        .await;
    let posted = newsroom.post(&healthy, "goes on").await;
    assert_eq!(stream.next_batch().await.to, posted.rev);
    let page = newsroom.entry_page(&broken.slug).await;
    assert_refused!(
        page,
        Error::Corrupt {
            table: "entries",
            ..
        }
    );
    let front: Vec<_> = newsroom
        .front_page()
        .await
        .unwrap()
        .entries
        .into_iter()
        .map(|(e, _)| e.slug)
        .collect();
    assert_eq!(front, [healthy.slug]);
    newsroom.live_page().await.unwrap();
    let desk = newsroom.desk(&newsroom.owner, None).await.unwrap();
    assert_eq!(desk.items.len(), 1);
    newsroom.check_readiness().await.unwrap();
}

async fn panicking_renderer_affects_only_its_own_feed(database: Database) {
    let (mut options, manual_clock) = database.options();
    options.render = Arc::new(BeforeCard {
        render: options.render,
        before: |update: &LiveUpdate| {
            assert!(text(update) != "panic", "this text can't be rendered");
        },
    });
    let newsroom = TestNewsroom::on_options(&database, options, manual_clock).await;
    let (healthy, entry) = (
        newsroom.entry("healthy", EntryState::Live).await,
        newsroom.live_entry().await,
    );
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(healthy.id), None);
    let mut broken = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), None);
    newsroom
        .post_update(
            &newsroom.author,
            &entry.slug,
            &op_id(),
            &draft("panic"),
            None,
        )
        .await
        .unwrap();
    // The streams of this feed are closed; their clients reconnect and read from the database.
    assert!(matches!(broken.next_event().await, Event::Closing));
    for text in ["goes", "on"] {
        let posted = newsroom.post(&healthy, text).await;
        assert_eq!(stream.next_batch().await.to, posted.rev);
    }
    newsroom.check_readiness().await.unwrap();
}
