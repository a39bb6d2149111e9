//! Waiting for a database has an end: a lock that somebody holds, a server that is away.

use std::time::Duration;

use domain::{Password, Role, Username};
use newsroom::{Error, NotReady, live::FeedId};
use sqlx::{AnyConnection, Connection, Executor};

use super::support::{Database, TestNewsroom, draft, op_id, soon};

on_every_database! {
    a_lock_that_is_held_fails_writes_and_not_reads,
    writes_go_on_once_a_lock_is_released,
}

/// How long the tests' requests wait for the database. What comes of a test doesn't depend on it.
const DEADLINE: Duration = Duration::from_millis(500);

async fn impatient(database: &Database) -> TestNewsroom {
    let (mut options, hand) = database.options();
    options.database_deadline = DEADLINE;
    TestNewsroom::on_options(database, options, hand).await
}

/// A connection that stands still in the middle of a write.
async fn hold_the_lock(database: &Database) -> AnyConnection {
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    connection
        .execute("UPDATE feed SET rev = rev")
        .await
        .unwrap();
    connection
}

async fn a_lock_that_is_held_fails_writes_and_not_reads(database: Database) {
    let newsroom = impatient(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "before").await;
    let name = Username::parse("bob").unwrap();
    let password = Password::parse("correct horse battery").unwrap();
    newsroom
        .create_account(&name, Role::Author, &password)
        .await
        .unwrap();
    let lock = hold_the_lock(&database).await;

    let (one, two) = (op_id(), op_id());
    let (text, other) = (draft("stuck"), draft("edited"));
    let (post, again, edit, end) = soon(Box::pin(async {
        tokio::join!(
            newsroom.post_update(&newsroom.author, &entry.slug, &one, &text, Duration::ZERO),
            newsroom.post_update(&newsroom.author, &entry.slug, &two, &text, Duration::ZERO),
            newsroom.edit_update(&newsroom.author, posted.id, &other, None),
            newsroom.end_entry(&newsroom.author, &entry.slug, None),
        )
    }))
    .await;
    assert_refused!(post, Error::Unavailable(_));
    assert_refused!(again, Error::Unavailable(_));
    assert_refused!(edit, Error::Unavailable(_));
    assert_refused!(end, Error::Unavailable(_));
    soon(newsroom.entry_page(&entry.slug)).await.unwrap();
    soon(newsroom.check_readiness()).await.unwrap();
    if database.url.starts_with("postgres") {
        // SQLite has one writer at a time, sessions included.
        soon(newsroom.log_in("bob", "correct horse battery"))
            .await
            .unwrap();
    }
    lock.close().await.unwrap();
}

async fn writes_go_on_once_a_lock_is_released(database: Database) {
    let newsroom = impatient(&database).await;
    let entry = newsroom.live_entry().await;
    let mut lock = hold_the_lock(&database).await;
    let (op, text) = (op_id(), draft("once"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, Duration::ZERO);
    assert_refused!(soon(post()).await, Error::Unavailable(_));
    lock.execute("ROLLBACK").await.unwrap();
    lock.close().await.unwrap();
    // The connections that were waiting come free by themselves.
    soon(async { while post().await.is_err() {} }).await;
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_stands_still_in_a_transaction_loses_its_lock() {
    let database = Database::postgres().await;
    let newsroom = impatient(&database).await;
    let entry = newsroom.live_entry().await;
    let store = database.store().await;
    let frozen = store.revise().await.unwrap();
    let (op, text) = (op_id(), draft("waits for the lock"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, Duration::ZERO);
    assert_refused!(soon(post()).await, Error::Unavailable(_));
    // PostgreSQL ends the session after ten seconds.
    let goes_on = async { while post().await.is_err() {} };
    tokio::time::timeout(Duration::from_mins(1), goes_on)
        .await
        .unwrap();
    drop(frozen);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_while_the_network_swallows_packets_and_succeed_afterwards() {
    let database = Database::postgres().await;
    let (network, url) = database.as_postgres().behind_network().await;
    let (mut options, hand) = database.options();
    options.database_deadline = DEADLINE;
    options.database_url = url;
    let newsroom = TestNewsroom::on_options(&database, options, hand).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "before").await;
    let (one, two) = (op_id(), op_id());
    let (text, other) = (draft("after"), draft("edited"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &one, &text, Duration::ZERO);
    let edit = || newsroom.edit_update(&newsroom.author, posted.id, &other, Some(&two));

    // More requests than there are connections: none may hold one for ever.
    for _ in 0..3 {
        network.swallow(true);
        for _ in 0..10 {
            let (posted, edited, page, accounts, head) = soon(Box::pin(async {
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
        assert!(soon(newsroom.check_readiness()).await.is_err());
        network.swallow(false);
        soon(async { while post().await.is_err() || edit().await.is_err() {} }).await;
        soon(async { while newsroom.entry_page(&entry.slug).await.is_err() {} }).await;
        assert_eq!(newsroom.texts(&entry).await, ["edited", "after"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_database_is_not_ready() {
    let database = Database::sqlite();
    let newsroom = impatient(&database).await;
    newsroom.check_readiness().await.unwrap();
    newsroom.newsroom.close().await;
    assert_eq!(newsroom.check_readiness().await, Err(NotReady::Reads));
}
