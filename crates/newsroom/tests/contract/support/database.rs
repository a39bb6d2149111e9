//! A database that a test has for itself.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{Language, Timestamp, Transport, UpdateId};
use newsroom::{
    Clock, Entry, FeedPolicy, LiveUpdate, ManualClock, Options, Renderers, storage::Store,
};
use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;

use super::{PostgresDatabase, SqliteFile, soon};

/// How long tests wait for a database: on a busy machine it may be slow.
const PATIENT: Duration = Duration::from_secs(30);
/// When every test begins: 2026-11-21T13:05:00Z.
const START: Timestamp = Timestamp(1_795_266_300_000_000);

/// A fresh database and a data folder, gone when dropped.
pub struct Database {
    /// Its address.
    pub url: String,
    kind: Kind,
    folder: TempDir,
}

enum Kind {
    Sqlite(SqliteFile),
    Postgres(PostgresDatabase),
}

impl Database {
    /// A file that isn't there yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::new(folder.path());
        Self {
            url: file.url(),
            kind: Kind::Sqlite(file),
            folder,
        }
    }

    /// A database with nothing in it, on the server that the tests were started beside.
    pub async fn postgres() -> Self {
        let database = PostgresDatabase::create().await;
        Self {
            url: database.url(),
            kind: Kind::Postgres(database),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// What only a PostgreSQL database has.
    pub fn as_postgres(&self) -> &PostgresDatabase {
        match &self.kind {
            Kind::Postgres(database) => database,
            Kind::Sqlite(_) => panic!("it is an SQLite file"),
        }
    }

    /// Where a server notes what it published.
    pub fn mark(&self) -> PathBuf {
        self.folder.path().join("published")
    }

    /// What a newsroom on this database is made of, and what moves its clock. A card is
    /// `<article id="update-{id}">{html}</article>`, a highlight its source, and an entry's line its title and the
    /// latest source.
    pub fn options(&self) -> (Options, ManualClock) {
        let (clock, hand) = Clock::manual(START);
        let options = Options {
            database_url: self.url.clone(),
            database_deadline: PATIENT,
            high_water_mark: Some(self.mark()),
            clock,
            policy: FeedPolicy {
                interval_ms: 5_000,
                transport: Transport::Auto,
                build: "test-build".into(),
            },
            language: Language::default(),
            render: Renderers {
                card: Arc::new(|_, update| {
                    format!(
                        r#"<article id="update-{}">{}</article>"#,
                        update.id, update.html
                    )
                }),
                highlights: Arc::new(|_, updates| {
                    let line = |update: &LiveUpdate| {
                        let pin = if update.pinned { "pinned " } else { "" };
                        format!("{pin}{}\n", update.source)
                    };
                    updates.iter().map(line).collect()
                }),
                summary: Arc::new(|entry, latest| {
                    let said = latest.map_or("nothing", |update| &update.source);
                    format!("{}: {said}", entry.title)
                }),
                since: Arc::new(Entry::since),
            },
        };
        (options, hand)
    }

    /// What is stored, without a newsroom around it.
    pub async fn store(&self) -> Store {
        Store::open(&self.url, PATIENT).await.unwrap()
    }

    /// Adds the live entry `older` as a release did that knew nothing of languages.
    pub async fn add_older_entry(&self) {
        self.execute(
            "INSERT INTO entries (slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
             VALUES ('older', 'Older', '', 'live', 'UTC', 0, 'oldest', 0, 0)",
        )
        .await;
    }

    /// Makes the database what a later release would have made of it.
    pub async fn migrate_beyond_this_release(&self) {
        self.execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, description, success, checksum, execution_time FROM _sqlx_migrations
             WHERE version = 1",
        )
        .await;
    }

    /// Waits until the server that follows the database shows that it does.
    pub async fn wait_until_listened_to(&self) {
        if let Kind::Postgres(database) = &self.kind {
            soon(database.wait_for_listeners(1)).await;
        }
    }

    /// Begins another epoch, as an import does.
    pub async fn begin_epoch(&self) {
        let store = self.store().await;
        let epoch = store.snapshot().await.unwrap().feed().await.unwrap().epoch;
        store.begin_epoch(&epoch).await.unwrap();
        store.close().await;
    }

    /// Begins another epoch, in which every update says `html` at the revision it had.
    pub async fn restore_updates_that_say(&self, html: &str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::query("UPDATE updates SET html = $1")
            .bind(html)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        self.begin_epoch().await;
    }

    /// What is stored as the excerpts of updates, in order of number.
    pub async fn excerpts(&self) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let excerpts = sqlx::query_scalar("SELECT excerpt FROM updates ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        excerpts
    }

    /// Makes all updates what a release before excerpts stored.
    pub async fn forget_excerpts(&self) {
        self.execute("UPDATE updates SET excerpt = ''").await;
    }

    /// Makes all updates what another release rendered.
    pub async fn outdate_updates(&self) {
        self.execute("UPDATE updates SET markup_version = 0").await;
    }

    /// Makes the update numbered `id` what another release made of `source`.
    pub async fn outdate_update(&self, id: UpdateId, source: &str, html: &str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::query("UPDATE updates SET markup_version = 0, source = $2, html = $3 WHERE id = $1")
            .bind(id.0)
            .bind(source)
            .bind(html)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    /// Takes a copy of everything that is stored; no newsroom may be open.
    pub async fn back_up(&self) {
        match &self.kind {
            Kind::Sqlite(file) => file.back_up(),
            Kind::Postgres(database) => database.back_up().await,
        }
    }

    /// Puts the copy back; no newsroom may be open.
    pub async fn put_back(&self) {
        match &self.kind {
            Kind::Sqlite(file) => file.put_back(),
            Kind::Postgres(database) => database.put_back().await,
        }
    }

    /// Runs statements of SQL.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }
}
