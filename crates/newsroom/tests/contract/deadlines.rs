//! Waiting for the database has a deadline: for a held lock, and for a server that is unreachable.

use std::time::Duration;

use domain::{FeedId, Password, Role, Username};
use newsroom::{Error, NotReady, storage::Counter};
use sqlx::{AnyConnection, Connection, Executor};

use super::support::{Database, TestNewsroom, draft, op_id, with_timeout};

on_every_database! {
    held_lock_fails_writes_but_not_reads,
    writes_succeed_after_the_lock_is_released,
}

/// The database deadline of these tests. It changes how long they take, not their result.
const DEADLINE: Duration = Duration::from_millis(500);

async fn with_short_deadline(database: &Database) -> TestNewsroom {
    let (mut options, manual_clock) = database.options();
    options.database_deadline = DEADLINE;
    TestNewsroom::on_options(database, options, manual_clock).await
}

/// Opens a connection that holds the write lock in an open transaction.
async fn hold_write_lock(database: &Database) -> AnyConnection {
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    connection
        .execute("UPDATE feed SET rev = rev")
        .await
        .unwrap();
    connection
}

async fn held_lock_fails_writes_but_not_reads(database: Database) {
    let newsroom = with_short_deadline(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "before").await;
    let name = Username::parse("bob").unwrap();
    let password = Password::parse("correct horse battery").unwrap();
    newsroom
        .create_account(&name, Role::Author, &password)
        .await
        .unwrap();
    let lock = hold_write_lock(&database).await;

    let (one, two) = (op_id(), op_id());
    let (text, other) = (draft("stuck"), draft("edited"));
    let (post, again, edit, end) = with_timeout(Box::pin(async {
        tokio::join!(
            newsroom.post_update(&newsroom.author, &entry.slug, &one, &text, None),
            newsroom.post_update(&newsroom.author, &entry.slug, &two, &text, None),
            newsroom.edit_update(&newsroom.author, posted.id, &other, None, None),
            newsroom.end_entry(&newsroom.author, &entry.slug, None),
        )
    }))
    .await;
    assert_refused!(post, Error::Unavailable(_));
    assert_refused!(again, Error::Unavailable(_));
    assert_refused!(edit, Error::Unavailable(_));
    assert_refused!(end, Error::Unavailable(_));
    with_timeout(newsroom.entry_page(&entry.slug))
        .await
        .unwrap();
    with_timeout(newsroom.check_readiness()).await.unwrap();
    if database.url.starts_with("postgres") {
        // SQLite has one writer at a time, sessions included.
        with_timeout(newsroom.log_in("bob", "correct horse battery"))
            .await
            .unwrap();
    }
    lock.close().await.unwrap();
}

async fn writes_succeed_after_the_lock_is_released(database: Database) {
    let newsroom = with_short_deadline(&database).await;
    let entry = newsroom.live_entry().await;
    let mut lock = hold_write_lock(&database).await;
    let (op, text) = (op_id(), draft("once"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, None);
    assert_refused!(with_timeout(post()).await, Error::Unavailable(_));
    lock.execute("ROLLBACK").await.unwrap();
    lock.close().await.unwrap();
    // The connections that were waiting become available again.
    with_timeout(async { while post().await.is_err() {} }).await;
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_idle_in_a_transaction_loses_its_lock() {
    let database = Database::postgres().await;
    let newsroom = with_short_deadline(&database).await;
    let entry = newsroom.live_entry().await;
    let store = database.store().await;
    let idle = store.revise(Counter::ENTRIES).await.unwrap();
    let (op, text) = (op_id(), draft("waits for the lock"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, None);
    assert_refused!(with_timeout(post()).await, Error::Unavailable(_));
    // PostgreSQL ends the session after ten seconds.
    let post_succeeds = async { while post().await.is_err() {} };
    tokio::time::timeout(Duration::from_mins(1), post_succeeds)
        .await
        .unwrap();
    drop(idle);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_while_the_network_drops_packets_and_succeed_afterwards() {
    let database = Database::postgres().await;
    let (network, url) = database.as_postgres().behind_network().await;
    let (mut options, manual_clock) = database.options();
    options.database_deadline = DEADLINE;
    options.database_url = url;
    let newsroom = TestNewsroom::on_options(&database, options, manual_clock).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "before").await;
    let (one, two) = (op_id(), op_id());
    let (text, other) = (draft("after"), draft("edited"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &one, &text, None);
    let edit = || newsroom.edit_update(&newsroom.author, posted.id, &other, Some(&two), None);

    // There are more requests than connections: no request may hold a connection forever.
    for _ in 0..3 {
        network.drop_packets(true);
        for _ in 0..10 {
            let (posted, edited, page, accounts, head) = with_timeout(Box::pin(async {
                tokio::join!(
                    post(),
                    edit(),
                    newsroom.entry_page(&entry.slug),
                    newsroom.accounts(),
                    newsroom.changes(FeedId::All, None),
                )
            }))
            .await;
            assert!(posted.is_err() && edited.is_err() && page.is_err() && accounts.is_err());
            drop(head);
        }
        assert!(with_timeout(newsroom.check_readiness()).await.is_err());
        network.drop_packets(false);
        with_timeout(async { while post().await.is_err() || edit().await.is_err() {} }).await;
        with_timeout(async { while newsroom.entry_page(&entry.slug).await.is_err() {} }).await;
        assert_eq!(newsroom.texts(&entry).await, ["edited", "after"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_database_is_not_ready() {
    let database = Database::sqlite();
    let newsroom = with_short_deadline(&database).await;
    newsroom.check_readiness().await.unwrap();
    newsroom.newsroom.close().await;
    assert_eq!(newsroom.check_readiness().await, Err(NotReady::Reads));
}
