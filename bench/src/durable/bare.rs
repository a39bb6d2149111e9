//! The minimum that must be written, one after the other on one connection.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Executor, Row, Sqlite, SqliteConnection, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::harness::{Error, Result, text};

/// The same tables as Ringside's.
static TABLES: Migrator = sqlx::migrate!("../migrations/sqlite");

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A post: the counter, the update, the entry's head and the operation.
    Post,
    /// A message in a room: the counter, the message and the room's head.
    Message,
    /// A like, or its removal: the counter, the like and the number of likes.
    Like,
}

impl Written {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Message => "message",
            Self::Like => "like",
        }
    }
}

/// A loop that writes, each time in one transaction.
pub struct BareLoop {
    connection: SqliteConnection,
    what: Written,
    updates: i64,
    written: usize,
}

impl BareLoop {
    /// Creates a database with an entry of `updates` updates and a room.
    pub async fn open(file: &Path, what: Written, updates: i64) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        TABLES
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|error| Error::Unexpected(format!("the bare loop's tables: {error}")))?;
        connection
            .execute(
                "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, 'bare', 0, 0);
                 INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
                 VALUES ('ann', 'ann', 'author', '', 0);
                 INSERT INTO entries (slug, title, summary, state, time_zone, starts_at,
                 default_order, rev, head) VALUES ('final', 'final', '', 'live', 'UTC', 0, 'oldest', 0, 0);
                 INSERT INTO rooms (name, title, state, rev, head, created_at)
                 VALUES ('lobby', 'lobby', 'open', 1, 1, 0);",
            )
            .await?;
        let mut bare = Self {
            connection,
            what,
            updates,
            written: 0,
        };
        for _ in 0..updates {
            bare.write_one(Written::Post).await?;
        }
        bare.written = 0;
        Ok(bare)
    }

    /// Writes for `time`. Returns the writes per second.
    pub async fn write(&mut self, time: Duration) -> Result<f64> {
        let start = Instant::now();
        let mut writes = 0_u32;
        while start.elapsed() < time {
            self.write_one(self.what).await?;
            writes += 1;
        }
        Ok(f64::from(writes) / start.elapsed().as_secs_f64())
    }

    async fn write_one(&mut self, what: Written) -> Result<()> {
        self.written += 1;
        let number = self.written;
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        match what {
            Written::Post => post(&mut tx, number).await?,
            Written::Message => send(&mut tx, number).await?,
            Written::Like => like(&mut tx, number, self.updates).await?,
        }
        Ok(tx.commit().await?)
    }
}

async fn post(tx: &mut Transaction<'_, Sqlite>, number: usize) -> Result<()> {
    let source = text(number);
    let rev: i64 = sqlx::query("UPDATE feed SET rev = rev + 1 WHERE id = 1 RETURNING rev")
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)?;
    let id: i64 = sqlx::query(
        "INSERT INTO updates (entry_id, author_id, rev, source, html, posted_at)
         VALUES (1, 1, $1, $2, $2, $3) RETURNING id",
    )
    .bind(rev)
    .bind(&source)
    .bind(rev)
    .fetch_one(&mut **tx)
    .await?
    .try_get(0)?;
    sqlx::query("UPDATE entries SET head = $1 WHERE id = 1")
        .bind(rev)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO operations (account_id, op_id, request_hash, update_id, rev)
         VALUES (1, $1, $2, $3, $4)",
    )
    .bind(format!("ann-{rev:08}"))
    .bind([0_u8; 32].as_slice())
    .bind(id)
    .bind(rev)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn send(tx: &mut Transaction<'_, Sqlite>, number: usize) -> Result<()> {
    let rev = next_revision(tx, "rooms").await?;
    sqlx::query(
        "INSERT INTO messages (room_id, rev, sent_rev, guest, nick, text, sent_at, op_id, request_hash)
         VALUES (1, $1, $1, 'guest', 'reader', $2, $1, $3, $4)",
    )
    .bind(rev)
    .bind(text(number))
    .bind(format!("reader-{number:08}"))
    .bind([0_u8; 32].as_slice())
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE rooms SET head = $1 WHERE id = 1")
        .bind(rev)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn like(tx: &mut Transaction<'_, Sqlite>, number: usize, updates: i64) -> Result<()> {
    let rev = next_revision(tx, "likes").await?;
    let number = i64::try_from(number).unwrap_or_default();
    let update = 1 + number % updates;
    sqlx::query("INSERT INTO likes (update_id, voter) VALUES ($1, $2)")
        .bind(update)
        .bind(format!("guest:{number}"))
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO like_counts (update_id, entry_id, likes, rev) VALUES ($1, 1, 1, $2)
         ON CONFLICT (update_id) DO UPDATE SET likes = likes + 1, rev = excluded.rev",
    )
    .bind(update)
    .bind(rev)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Increments a counter. Returns its value.
async fn next_revision(tx: &mut Transaction<'_, Sqlite>, counter: &str) -> Result<i64> {
    let row = sqlx::query("UPDATE counters SET rev = rev + 1 WHERE name = $1 RETURNING rev")
        .bind(counter)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.try_get(0)?)
}
