//! The listener between servers that share a PostgreSQL database.

use domain::Rev;
use newsroom::{Entry, live::FeedId};

use super::support::{Database, Stream, TestNewsroom, soon};

/// Looking once a second alone, a server would take three times as long over these as [`soon`] waits.
const ROUNDS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_hears_of_anothers_commits_at_once() {
    let database = Database::postgres().await;
    let one = TestNewsroom::on(&database).await;
    let entry = one.live_entry().await;
    let other = TestNewsroom::on(&database).await;
    let mut stream = Stream::open(&other.newsroom, all_of(&entry), None);
    soon(Box::pin(post_and_read(&one, &entry, &mut stream))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_listener_is_cut_off_misses_nothing_and_listens_again() {
    let database = Database::postgres().await;
    let one = TestNewsroom::on(&database).await;
    let entry = one.live_entry().await;
    let other = TestNewsroom::on(&database).await;
    let mut stream = Stream::open(&other.newsroom, all_of(&entry), None);
    for _ in 0..2 {
        soon(database.as_postgres().wait_for_listeners(2)).await;
        database.as_postgres().cut_listeners().await;
        // Heard or not, the database is looked at.
        let posted = one.post(&entry, "unheard").await;
        while stream.next_batch().await.to < posted.rev {}
        soon(database.as_postgres().wait_for_listeners(2)).await;
        soon(Box::pin(post_and_read(&one, &entry, &mut stream))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_commits_rings_with_the_head_alone() {
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
        received.push(soon(listener.recv()).await.unwrap().unwrap());
    }
    assert!(received.is_sorted_by(|a, b| a < b), "{received:?}");
    assert!(received.len() <= 21, "{received:?}");
}

#[tokio::test]
async fn an_sqlite_file_has_no_bell() {
    let database = Database::sqlite();
    assert!(!database.store().await.has_notifications());
}

fn all_of(entry: &Entry) -> FeedId {
    FeedId::Entry(entry.id)
}

/// Posts on one server only after the last was read on the other: each has to get there by itself.
async fn post_and_read(one: &TestNewsroom, entry: &Entry, stream: &mut Stream) {
    for _ in 0..ROUNDS {
        let posted = one.post(entry, "a").await;
        while stream.next_batch().await.to < posted.rev {}
    }
}
