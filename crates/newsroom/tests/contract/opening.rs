//! Opening a database: which are created, which are refused, and with which messages.

use std::{fs, net::TcpListener, sync::Arc, time::Duration};

use newsroom::{Error, Newsroom, NotReady, storage::OpenError};
use sqlx::{AnyConnection, Connection, Executor};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{Database, TestNewsroom};

on_every_database! {
    new_database_is_created_and_reopened,
    several_servers_can_open_a_new_database_concurrently,
    database_of_a_newer_release_is_refused,
    closed_newsroom_is_not_ready,
}

async fn open(url: &str) -> Result<Arc<Newsroom>, OpenError> {
    let (mut options, _) = Database::sqlite().options();
    url.clone_into(&mut options.database_url);
    Newsroom::open(options).await
}

/// Returns the error of opening the database at `url`, with the URL replaced by `URL`.
async fn refusal(url: &str) -> String {
    let refused = open(url).await.unwrap_err().to_string();
    // The error contains a PostgreSQL URL without its parameters.
    let named = if url.starts_with("postgres:") {
        url.split('?').next().unwrap()
    } else {
        url
    };
    refused.replace(named, "URL")
}

async fn new_database_is_created_and_reopened(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "kept").await;
    let before = newsroom.entry_page(&entry.slug).await.unwrap();
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    let after = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(after.updates, before.updates);
    assert_eq!(after.cursor, before.cursor);
}

async fn several_servers_can_open_a_new_database_concurrently(database: Database) {
    let mut servers = JoinSet::new();
    for _ in 0..4 {
        servers.spawn(Newsroom::open(database.options().0));
    }
    for server in servers.join_all().await {
        server.unwrap().check_readiness().await.unwrap();
    }
}

async fn database_of_a_newer_release_is_refused(database: Database) {
    TestNewsroom::on(&database).await.shut_down().await;
    database.add_unknown_migration().await;
    let refused = refusal(&database.url).await;
    // Both databases have the same result, and may run in one process.
    insta::allow_duplicates! {
        insta::assert_snapshot!(refused, @"The database URL was made by a newer Ringside (migration 9000 is unknown here). Start the newer release, or restore a backup made by this one.");
    }
}

async fn closed_newsroom_is_not_ready(database: Database) {
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    newsroom.check_readiness().await.unwrap();
    newsroom.close().await;
    newsroom.close().await;
    assert_eq!(newsroom.check_readiness().await, Err(NotReady::Reads));
    let followed = newsroom.follow(CancellationToken::new()).await;
    assert_refused!(followed, Error::Unavailable(_));
}

#[tokio::test]
async fn unknown_database_schemes_are_refused() {
    for (url, scheme) in [
        ("", ""),
        ("ringside.db", "ringside.db"),
        ("mysql://anna:secret@localhost/ringside", "mysql"),
        ("sqlite3:a", "sqlite3"),
    ] {
        let refused = open(url).await.unwrap_err();
        assert!(
            matches!(&refused, OpenError::Scheme(named) if named == scheme),
            "{refused}"
        );
    }
    insta::assert_snapshot!(
        open("mysql://x").await.unwrap_err(),
        @r#"The database URL must begin with sqlite:// or postgres://, not with "mysql"."#
    );
}

#[tokio::test]
async fn unusable_server_is_reported_in_one_sentence() {
    // Nothing listens on a port that the system has just reported as free.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://anna:secret@127.0.0.1:{port}/ringside?application_name=a");
    let refused = open(&url).await.unwrap_err().to_string();
    let refused = refused.replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(refused, @"The database postgres://anna@127.0.0.1:PORT/ringside can't be reached: error communicating with database: Connection refused (os error 111).");

    // The error contains no password, even if the URL can't be parsed.
    let refused = open("postgres://anna:sec/ret@localhost:x/ringside").await;
    assert!(!refused.unwrap_err().to_string().contains("sec"));

    let database = Database::postgres().await;
    let url = database.url.replace("/test_", "/no_test_");
    let name = url.split(['/', '?']).nth(3).unwrap();
    let refused = open(&url).await.unwrap_err().to_string();
    let refused = refused.replace(name, "NAME");
    insta::assert_snapshot!(refused, @r#"The database postgres://ringside@localhost/NAME can't be opened: database "NAME" does not exist."#);
}

#[tokio::test]
async fn missing_folder_is_reported_in_one_sentence() {
    let refused = open("sqlite:///no/such/folder/ringside.db")
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"The database sqlite:///no/such/folder/ringside.db can't be opened: unable to open database file.");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().display());
    let refused = refusal(&url).await;
    insta::assert_snapshot!(refused, @"The database URL can't be opened: unable to open database file.");
}

#[tokio::test]
async fn read_only_folder_is_reported_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut permissions = fs::metadata(folder.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(folder.path(), permissions).unwrap();
    // Root can write everywhere except in /proc.
    let path = match fs::write(folder.path().join("probe"), "") {
        Ok(()) => "/proc".into(),
        Err(_) => folder.path().display().to_string(),
    };
    let url = format!("sqlite://{path}/ringside.db");
    let refused = refusal(&url).await;
    insta::assert_snapshot!(refused, @"The database URL can't be opened: unable to open database file.");
}

#[tokio::test]
async fn file_that_is_not_a_database_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    let notes = "Remember the milk, the bread and the eggs. ".repeat(50);
    fs::write(&file, &notes).unwrap();
    let url = format!("sqlite://{}", file.display());
    let refused = refusal(&url).await;
    insta::assert_snapshot!(refused, @"The database URL can't be opened: file is not a database.");
    assert_eq!(fs::read_to_string(&file).unwrap(), notes);
}

#[tokio::test]
async fn folder_can_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["with spaces", "größe", "a+b", "50% off", "c#"] {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        let file = folder.join("ringside.db");
        let newsroom = open(&format!("sqlite://{}", file.display())).await.unwrap();
        newsroom.close().await;
        assert!(file.exists(), "{name}");
    }
}

#[tokio::test]
async fn opening_waits_for_another_writer() {
    let database = Database::sqlite();
    sqlx::any::install_default_drivers();
    // Another process creates the file.
    let url = format!("{}?mode=rwc", database.url);
    let mut other = AnyConnection::connect(&url).await.unwrap();
    other
        .execute("BEGIN IMMEDIATE; CREATE TABLE theirs (id BIGINT)")
        .await
        .unwrap();
    let (opened, ()) = tokio::join!(open(&database.url), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.execute("COMMIT").await.unwrap();
    });
    opened.unwrap().check_readiness().await.unwrap();
}
