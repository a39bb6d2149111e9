//! The number of readers: open streams on all servers, added up.

use domain::{EntryState, FeedId, UpdateId};
use newsroom::{Entry, feed::Subscription};

use super::support::{Database, Event, Stream, TestNewsroom, with_timeout};

on_every_database! {
    streams_of_all_servers_are_added_up,
    readers_see_whole_tens,
    streams_of_a_lost_server_are_forgotten,
    server_that_could_not_store_for_long_keeps_its_streams,
    readers_of_one_entry_are_not_those_of_another,
    number_of_readers_is_no_revision,
    nothing_is_shown_unless_a_server_counts,
}

/// A time after which a server that stores nothing is lost, in microseconds.
const LOST: i64 = 46 * 1_000_000;

impl TestNewsroom {
    /// Opens streams of an entry.
    async fn open(&self, entry: &Entry, count: usize) -> Vec<Subscription> {
        let feed = FeedId::Entry(entry.id);
        // Another server may have created it.
        self.head(feed).await.unwrap();
        let open = |_| self.hub().subscribe(feed, None).unwrap();
        (0..count).map(open).collect()
    }

    /// Returns the number of readers that pages show.
    async fn shown(&self, entry: &Entry) -> Option<i64> {
        // Counts may be a second old.
        tokio::time::sleep(newsroom::MAX_COUNTS_AGE).await;
        self.counts(FeedId::Entry(entry.id)).await.unwrap().readers
    }
}

async fn streams_of_all_servers_are_added_up(database: Database) {
    let (one, other) = TestNewsroom::pair_on(&database).await;
    let entry = one.live_entry().await;
    let here = one.open(&entry, 120).await;
    let there = other.open(&entry, 30).await;
    let mut stream = Stream::open(&other.newsroom, FeedId::Entry(entry.id), None);
    one.store_open_streams().await.unwrap();
    other.store_open_streams().await.unwrap();
    assert_eq!(one.open_streams(entry.id).await.unwrap(), Some(151));
    assert_eq!(other.shown(&entry).await, Some(151));
    loop {
        if let Event::Counts(counts) = with_timeout(stream.next()).await
            && counts.readers == Some(151)
        {
            break;
        }
    }
    drop((here, there));
    one.store_open_streams().await.unwrap();
    assert_eq!(one.open_streams(entry.id).await.unwrap(), Some(31));
}

async fn readers_see_whole_tens(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut streams = newsroom.open(&entry, 9).await;
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(newsroom.open_streams(entry.id).await.unwrap(), Some(9));
    assert_eq!(newsroom.shown(&entry).await, None);
    streams.extend(newsroom.open(&entry, 50).await);
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(newsroom.open_streams(entry.id).await.unwrap(), Some(59));
    assert_eq!(newsroom.shown(&entry).await, Some(50));
}

async fn streams_of_a_lost_server_are_forgotten(database: Database) {
    let (one, other) = TestNewsroom::pair_on(&database).await;
    let entry = one.live_entry().await;
    let _streams = (one.open(&entry, 10).await, other.open(&entry, 20).await);
    other.store_open_streams().await.unwrap();
    one.manual_clock.advance(LOST);
    one.store_open_streams().await.unwrap();
    assert_eq!(one.open_streams(entry.id).await.unwrap(), Some(10));
    assert_eq!(one.shown(&entry).await, Some(10));
}

async fn server_that_could_not_store_for_long_keeps_its_streams(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let _streams = newsroom.open(&entry, 20).await;
    newsroom.store_open_streams().await.unwrap();
    newsroom.manual_clock.advance(LOST);
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(newsroom.open_streams(entry.id).await.unwrap(), Some(20));
}

async fn readers_of_one_entry_are_not_those_of_another(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let one = newsroom.entry("one", EntryState::Live).await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let _streams = (
        newsroom.open(&one, 20).await,
        newsroom.open(&other, 40).await,
    );
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(newsroom.shown(&one).await, Some(20));
    assert_eq!(newsroom.shown(&other).await, Some(40));
}

async fn number_of_readers_is_no_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update: UpdateId = newsroom.post(&entry, "Goal!").await.id;
    let before = newsroom.head(FeedId::Entry(entry.id)).await.unwrap();
    let _streams = newsroom.open(&entry, 20).await;
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(
        newsroom.head(FeedId::Entry(entry.id)).await.unwrap(),
        before
    );
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(page.updates.first().map(|update| update.id), Some(update));
}

async fn nothing_is_shown_unless_a_server_counts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let _streams = newsroom.open(&entry, 20).await;
    assert_eq!(newsroom.open_streams(entry.id).await.unwrap(), None);
    newsroom.store_open_streams().await.unwrap();
    assert_eq!(newsroom.shown(&entry).await, Some(20));
    newsroom.manual_clock.advance(LOST);
    assert_eq!(newsroom.open_streams(entry.id).await.unwrap(), None);
    assert_eq!(newsroom.shown(&entry).await, None);
}
