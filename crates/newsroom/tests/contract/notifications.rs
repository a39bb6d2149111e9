//! LISTEN/NOTIFY between servers that share a PostgreSQL database.

use domain::{FeedId, Rev};
use newsroom::Entry;

use super::support::{Database, Stream, TestNewsroom, with_timeout};

/// The number of posts. A server that only polls, once a second, would take three times as long for
/// them as [`with_timeout`] allows.
const ROUNDS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_receives_another_servers_commits_at_once() {
    let database = Database::postgres().await;
    let one = TestNewsroom::on(&database).await;
    let entry = one.live_entry().await;
    let other = TestNewsroom::on(&database).await;
    let mut stream = Stream::open(&other.newsroom, feed_of(&entry), None);
    with_timeout(Box::pin(post_and_read(&one, &entry, &mut stream))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_whose_listener_is_terminated_misses_nothing_and_listens_again() {
    let database = Database::postgres().await;
    let one = TestNewsroom::on(&database).await;
    let entry = one.live_entry().await;
    let other = TestNewsroom::on(&database).await;
    let mut stream = Stream::open(&other.newsroom, feed_of(&entry), None);
    for _ in 0..2 {
        with_timeout(database.as_postgres().wait_for_listeners(2)).await;
        database.as_postgres().terminate_listeners().await;
        // Without a notification, the server polls the database.
        let posted = one.post(&entry, "without a listener").await;
        while stream.next_batch().await.to < posted.rev {}
        with_timeout(database.as_postgres().wait_for_listeners(2)).await;
        with_timeout(Box::pin(post_and_read(&one, &entry, &mut stream))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn burst_of_commits_sends_increasing_heads_only() {
    let database = Database::postgres().await;
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let store = database.store().await;
    let mut listener = store.listen().await.unwrap();
    let mut last = 0;
    for _ in 0..20 {
        last = newsroom.post(&entry, "a").await.rev;
    }
    let mut received: Vec<Rev> = Vec::new();
    while received.last() != Some(&last) {
        let (counter, rev) = with_timeout(listener.recv()).await.unwrap().unwrap();
        assert_eq!(counter, "entries");
        received.push(rev);
    }
    assert!(received.is_sorted_by(|a, b| a < b), "{received:?}");
    assert!(received.len() <= 21, "{received:?}");
}

#[tokio::test]
async fn sqlite_has_no_notifications() {
    let database = Database::sqlite();
    assert!(!database.store().await.has_notifications());
}

fn feed_of(entry: &Entry) -> FeedId {
    FeedId::Entry(entry.id)
}

/// Posts on one server only after the last post arrived on the other, so that each post needs its
/// own notification.
async fn post_and_read(one: &TestNewsroom, entry: &Entry, stream: &mut Stream) {
    for _ in 0..ROUNDS {
        let posted = one.post(entry, "a").await;
        while stream.next_batch().await.to < posted.rev {}
    }
}
