//! A database of the test's own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{Language, MessageId, Timestamp, Transport, UpdateId, ZoneName};
use newsroom::{
    Clock, Entry, FeedPolicy, LiveUpdate, ManualClock, Message, MessageLimits, Options, Render,
    SafeHtml, storage::Store,
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;

use super::{PostgresDatabase, SqliteFile, text, with_timeout};

/// The database deadline of tests: long, because a busy machine is slow.
const LONG_DEADLINE: Duration = Duration::from_secs(30);
/// The time at which every test starts: 2026-11-21T13:05:00Z.
const START: Timestamp = Timestamp(1_795_266_300_000_000);

/// A fresh database and a data folder, both deleted when dropped.
pub struct Database {
    /// The database URL.
    pub url: String,
    kind: Kind,
    folder: TempDir,
}

enum Kind {
    Sqlite(SqliteFile),
    Postgres(PostgresDatabase),
}

impl Database {
    /// Returns an SQLite database whose file does not exist yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteFile::new(folder.path());
        Self {
            url: file.url(),
            kind: Kind::Sqlite(file),
            folder,
        }
    }

    /// Creates an empty database on the PostgreSQL server that runs beside the tests.
    pub async fn postgres() -> Self {
        let database = PostgresDatabase::create().await;
        Self {
            url: database.url(),
            kind: Kind::Postgres(database),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Returns the PostgreSQL database.
    ///
    /// # Panics
    /// If this is an SQLite file.
    pub fn as_postgres(&self) -> &PostgresDatabase {
        match &self.kind {
            Kind::Postgres(database) => database,
            Kind::Sqlite(_) => panic!("this is an SQLite file"),
        }
    }

    /// Returns the path of the file in which a server stores its high-water mark.
    pub fn high_water_mark_file(&self) -> PathBuf {
        self.folder.path().join("published")
    }

    /// Returns the options of a newsroom on this database, and its clock.
    ///
    /// The test renderers are simple: a card is `<article id="update-{id}">{html}</article>`, a
    /// highlight is its text, and an entry's summary is its title and the latest text.
    pub fn options(&self) -> (Options, ManualClock) {
        let (clock, manual_clock) = Clock::manual(START);
        let options = Options {
            database_url: self.url.clone(),
            database_deadline: LONG_DEADLINE,
            high_water_mark: Some(self.high_water_mark_file()),
            clock,
            policy: FeedPolicy {
                interval_ms: 5_000,
                transport: Transport::Auto,
                build: "test-build".into(),
            },
            language: Language::default(),
            render: Arc::new(PlainRenderer),
            open_rooms: false,
            count_readers: false,
            message_limits: MessageLimits::default(),
            sources: Vec::new(),
        };
        (options, manual_clock)
    }

    /// Opens the storage layer, without a newsroom around it.
    pub async fn store(&self) -> Store {
        Store::open(&self.url, LONG_DEADLINE).await.unwrap()
    }

    /// Creates the database as an earlier release did, whose last migration was `version`. Returns
    /// a connection to it.
    pub async fn of_earlier_release(&self, version: i64) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let (all, url) = match self.kind {
            Kind::Sqlite(_) => (
                sqlx::migrate!("../../migrations/sqlite"),
                format!("{}?mode=rwc", self.url),
            ),
            Kind::Postgres(_) => (
                sqlx::migrate!("../../migrations/postgres"),
                self.url.clone(),
            ),
        };
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let earlier = all.iter().filter(|migration| migration.version <= version);
        sqlx::migrate::Migrator::with_migrations(earlier.cloned().collect())
            .run_direct(None, &mut connection, false)
            .await
            .unwrap();
        connection
    }

    /// Adds the live entry `older`, as a release without languages stored it.
    pub async fn add_entry_without_language(&self) {
        self.execute(
            "INSERT INTO entries (slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
             VALUES ('older', 'Older', '', 'live', 'UTC', 0, 'oldest', 0, 0)",
        )
        .await;
    }

    /// Records a migration that this release does not know, as a newer release would have done.
    pub async fn add_unknown_migration(&self) {
        self.execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, description, success, checksum, execution_time FROM _sqlx_migrations
             WHERE version = 1",
        )
        .await;
    }

    /// Waits until the server that follows the database has opened its listener, on PostgreSQL.
    pub async fn wait_for_listener(&self) {
        if let Kind::Postgres(database) = &self.kind {
            with_timeout(database.wait_for_listeners(1)).await;
        }
    }

    /// Starts a new epoch, as an import does.
    pub async fn begin_epoch(&self) {
        let store = self.store().await;
        let epoch = store.snapshot().await.unwrap().feed().await.unwrap().epoch;
        store.begin_epoch(&epoch).await.unwrap();
        store.close().await;
    }

    /// Starts a new epoch in which every update has the content `html`, at an unchanged revision.
    pub async fn import_updates_with_html(&self, html: &str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::query("UPDATE updates SET html = $1")
            .bind(html)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        self.begin_epoch().await;
    }

    /// Returns the number of rows of a table.
    pub async fn count(&self, table: &str) -> i64 {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let query = format!("SELECT COUNT(*) FROM {table}");
        let count = sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        count
    }

    /// Adds copies of a message, as its person would have sent them.
    pub async fn repeat_message(&self, id: MessageId, copies: i64) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        for statement in [
            format!(
                "INSERT INTO messages (room_id, rev, sent_rev, account_id, guest, nick, text, sent_at)
                 SELECT m.room_id, c.rev + n.place, c.rev + n.place, m.account_id, m.guest, m.nick, m.text, m.sent_at
                 FROM messages m, counters c,
                      (WITH RECURSIVE place (place) AS
                           (SELECT 1 UNION ALL SELECT place + 1 FROM place WHERE place < {copies})
                       SELECT place FROM place) AS n
                 WHERE m.id = {id} AND c.name = 'rooms'"
            ),
            format!("UPDATE counters SET rev = rev + {copies} WHERE name = 'rooms'"),
            "UPDATE rooms SET head = (SELECT rev FROM counters WHERE name = 'rooms')".to_owned(),
        ] {
            connection.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        connection.close().await.unwrap();
    }

    /// Returns the stored excerpts of all updates, ordered by id.
    pub async fn excerpts(&self) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let excerpts = sqlx::query_scalar("SELECT excerpt FROM updates ORDER BY id")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        excerpts
    }

    /// Empties the excerpts of all updates, as stored by a release without excerpts.
    pub async fn clear_excerpts(&self) {
        self.execute("UPDATE updates SET excerpt = ''").await;
    }

    /// Marks all updates as rendered by another release.
    pub async fn outdate_all_updates(&self) {
        self.execute("UPDATE updates SET markup_version = 0").await;
    }

    /// Stores `html` as what another release rendered for the update `id` from `source`.
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

    /// Makes a backup of the database. No newsroom may be open.
    pub async fn back_up(&self) {
        match &self.kind {
            Kind::Sqlite(file) => file.back_up().await,
            Kind::Postgres(database) => database.back_up().await,
        }
    }

    /// Restores the backup. No newsroom may be open.
    pub async fn restore_backup(&self) {
        match &self.kind {
            Kind::Sqlite(file) => file.restore_backup().await,
            Kind::Postgres(database) => database.restore_backup().await,
        }
    }

    /// Fills a PostgreSQL database with 2,000 entries and 20,000 updates, 10 % deleted, 5,000
    /// drafts of updates, and 1,000 rooms with 20,000 messages, and makes it collect statistics.
    /// SQLite's plans don't depend on the content: it has no statistics.
    pub async fn fill_for_plans(&self) {
        if matches!(self.kind, Kind::Sqlite(_)) {
            return;
        }
        self.execute(
            "INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
             SELECT n, n, 'author', '', 0 FROM generate_series(1, 200) AS n;
             INSERT INTO sessions (token_hash, account_id, created_at, last_seen_at, expires_at)
             SELECT sha256(CAST(CAST(n AS TEXT) AS BYTEA)), 1 + n % 200, n, n, n
             FROM generate_series(1, 2000) AS n;
             INSERT INTO tokens (token_hash, account_id, name, created_at)
             SELECT sha256(CAST(CAST(n AS TEXT) AS BYTEA)), 1 + n % 200, '', 0
             FROM generate_series(1, 2000) AS n;
             INSERT INTO entries (
                 slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
             SELECT 'entry-' || n, 'Entry', '',
                 CASE WHEN n <= 20 THEN 'live' WHEN n <= 40 THEN 'upcoming'
                      WHEN n <= 60 THEN 'draft' ELSE 'ended' END,
                 'UTC', n, 'oldest', n, n
             FROM generate_series(1, 2000) AS n;
             INSERT INTO updates (
                 entry_id, author_id, rev, source, html, excerpt, posted_at, deleted_at, is_key)
             SELECT 1 + n % 100, 1, n, repeat('a text ', 40), repeat('a text ', 40), 'a text', n,
                 CASE WHEN n / 100 % 10 = 0 THEN n END, CASE WHEN n / 100 % 50 = 1 THEN 1 ELSE 0 END
             FROM generate_series(1, 20000) AS n;
             INSERT INTO update_drafts (
                 entry_id, account_id, source, headline, version, changed_at)
             SELECT 1 + n % 100, 1 + n % 200, repeat('a text ', 40), '', 1, n
             FROM generate_series(1, 5000) AS n;
             INSERT INTO rooms (name, title, entry_id, state, rev, head, created_at)
             SELECT 'room' || n, '', CASE WHEN n % 2 = 0 THEN n END, 'open', n, n, 0
             FROM generate_series(1, 1000) AS n;
             INSERT INTO messages (room_id, rev, sent_rev, nick, text, sent_at, deleted_at)
             SELECT 1 + n % 100, n, n, 'ann', repeat('a text ', 5), n, CASE WHEN n % 100 = 0 THEN n END
             FROM generate_series(1, 20000) AS n;
             INSERT INTO like_counts (update_id, entry_id, likes, rev)
             SELECT n, 1 + n % 100, 1, n FROM generate_series(1, 20000) AS n;
             UPDATE messages SET text = '' WHERE deleted_at IS NOT NULL AND id % 700 <> 0;
             UPDATE accounts SET nick_folded = username;
             UPDATE updates SET source = '', html = '', excerpt = ''
             WHERE deleted_at IS NOT NULL AND id % 7 <> 0;
             ANALYZE;",
        )
        .await;
    }

    /// Returns the database's plan of a query, one line for each step. Its parameters are 1.
    pub async fn plan(&self, sql: &str) -> String {
        let mut query = sql.to_owned();
        for parameter in ["$1", "$2", "$3", "$4", "$5", "$6"] {
            query = query.replace(parameter, "'1'");
        }
        let (explain, column) = match self.kind {
            Kind::Sqlite(_) => ("EXPLAIN QUERY PLAN", "detail"),
            Kind::Postgres(_) => ("EXPLAIN (COSTS OFF)", "QUERY PLAN"),
        };
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        // A query of the storage layer, with a number in place of each parameter.
        let query = AssertSqlSafe(format!("{explain} {query}"));
        if matches!(self.kind, Kind::Postgres(_)) {
            // Reading a small table is cheaper than an index. Then only a query without a suitable
            // index reads a whole table.
            let setting = "SET enable_seqscan = off";
            connection.execute(setting).await.unwrap();
        }
        let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let steps = rows.iter().map(|row| row.get::<String, _>(column));
        steps.collect::<Vec<_>>().join("\n")
    }

    /// Executes SQL statements.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Renders as little HTML as the tests need.
struct PlainRenderer;

impl Render for PlainRenderer {
    fn card(&self, _: &Entry, update: &LiveUpdate) -> String {
        format!(
            r#"<article id="update-{}">{}</article>"#,
            update.id, update.html
        )
    }

    fn highlights(&self, _: &Entry, highlights: &[LiveUpdate]) -> String {
        let line = |update: &LiveUpdate| {
            let pin = if update.pinned { "pinned " } else { "" };
            format!("{pin}{}\n", text(update))
        };
        highlights.iter().map(line).collect()
    }

    fn summary(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String {
        let latest = latest.map_or("nothing".to_owned(), text);
        format!("{}: {latest}", entry.title)
    }

    fn article(&self, _: &Entry, html: &SafeHtml) -> String {
        format!(r#"<div id="entry-article">{html}</div>"#)
    }

    fn since(&self, entry: &Entry) -> String {
        entry.since()
    }

    fn message(&self, message: &Message, _: &ZoneName) -> String {
        format!(
            "<li id=\"message-{}\">{}: {}</li>",
            message.id, message.nick, message.text
        )
    }
}

/// Renders as `render`, and calls `before` before each card.
pub struct BeforeCard<F> {
    pub render: Arc<dyn Render>,
    pub before: F,
}

impl<F: Fn(&LiveUpdate) + Send + Sync> Render for BeforeCard<F> {
    fn card(&self, entry: &Entry, update: &LiveUpdate) -> String {
        (self.before)(update);
        self.render.card(entry, update)
    }

    fn highlights(&self, entry: &Entry, highlights: &[LiveUpdate]) -> String {
        self.render.highlights(entry, highlights)
    }

    fn summary(&self, entry: &Entry, latest: Option<&LiveUpdate>) -> String {
        self.render.summary(entry, latest)
    }

    fn article(&self, entry: &Entry, html: &SafeHtml) -> String {
        self.render.article(entry, html)
    }

    fn since(&self, entry: &Entry) -> String {
        self.render.since(entry)
    }

    fn message(&self, message: &Message, zone: &ZoneName) -> String {
        self.render.message(message, zone)
    }
}
