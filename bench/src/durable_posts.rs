//! Posts that are on the disk when they are acknowledged, compared with a bare loop that only
//! writes.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Executor, Row, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::task::JoinSet;

use crate::harness::{
    Author, Better, Error, Folder, Result, Ringside, Table, cpu_of_this_process, heading, median,
    note, ratios, record, text,
};

/// The same tables as Ringside's.
static TABLES: Migrator = sqlx::migrate!("../migrations/sqlite");

/// How many authors post at the same time, each again as soon as the last post was acknowledged.
/// Few newsrooms have more. A single author would measure the latency of a post, not the
/// throughput.
const AUTHORS: usize = 16;
/// How many rounds each of the two writes, and how long they last.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);

/// Measures how many posts a second each writes to the disk.
pub async fn run() -> Result<()> {
    heading("Durable posts on SQLite, compared with a bare single-writer loop");
    let ringside = Ringside::start(&[])?;
    ringside.entry("final").await?;
    let mut authors = Vec::new();
    for n in 0..AUTHORS {
        authors.push(ringside.author(&format!("author{n}")).await?);
    }
    let folder = Folder::new()?;
    let mut bare = BareLoop::open(&folder.path().join("bare.db")).await?;
    note(format!(
        "{AUTHORS} authors over HTTP; {ROUNDS} rounds of {} s for each, in turns; medians. WAL, synchronous=FULL, both files on {}.",
        ROUND.as_secs_f64(),
        ringside.folder().file_system(),
    ));

    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    let (mut cpu, mut client_cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (server, client) = (ringside.cpu(), cpu_of_this_process());
        let (posts, seconds);
        (posts, seconds, authors) = post_by_all(authors).await?;
        let per_post = |time: Duration| time.as_secs_f64() * 1e6 / posts;
        cpu.push(per_post(ringside.cpu().saturating_sub(server)));
        client_cpu.push(per_post(cpu_of_this_process().saturating_sub(client)));
        rates.push(posts / seconds);
        bare_rates.push(bare.write().await?);
    }
    record(
        "durable posts a second",
        "of a bare loop's",
        Better::Higher,
        &ratios(&rates, &bare_rates),
    )?;
    record("processor time a post", "us", Better::Lower, &cpu)?;
    let (rate, reference) = (median(&rates), median(&bare_rates));
    let mut table = Table::new(["what", "posts/s", "ratio", "CPU us", "load's"]);
    table.row([
        "Ringside over HTTP".to_owned(),
        format!("{rate:.0}"),
        format!("{:.2}", rate / reference),
        format!("{:.0}", median(&cpu)),
        format!("{:.0}", median(&client_cpu)),
    ]);
    table.row([
        "bare loop".to_owned(),
        format!("{reference:.0}"),
        "1".to_owned(),
        String::new(),
        String::new(),
    ]);
    table.print();
    Ok(())
}

/// Runs a round with all authors. Returns the number of acknowledged posts, the seconds, and the
/// authors.
async fn post_by_all(authors: Vec<Author>) -> Result<(f64, f64, Vec<Author>)> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut author in authors {
        tasks.spawn(async move {
            let mut posts = 0_u32;
            while start.elapsed() < ROUND {
                author.post("final").await?;
                posts += 1;
            }
            Ok::<_, Error>((author, posts))
        });
    }
    let (mut authors, mut posts) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let done = done.map_err(|error| Error::Unexpected(error.to_string()))?;
        let (author, more) = done?;
        authors.push(author);
        posts += more;
    }
    Ok((f64::from(posts), start.elapsed().as_secs_f64(), authors))
}

/// The minimum that a post must write, one after the other on one connection: the counter, the
/// update, the entry's head and the operation, in one transaction.
struct BareLoop {
    connection: SqliteConnection,
    written: usize,
}

impl BareLoop {
    async fn open(file: &Path) -> Result<Self> {
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
                 default_order, rev, head) VALUES ('final', 'final', '', 'live', 'UTC', 0, 'oldest', 0, 0);",
            )
            .await?;
        Ok(Self {
            connection,
            written: 0,
        })
    }

    /// Writes for a round. Returns the posts per second.
    async fn write(&mut self) -> Result<f64> {
        let start = Instant::now();
        let mut posts = 0_u32;
        while start.elapsed() < ROUND {
            self.post().await?;
            posts += 1;
        }
        Ok(f64::from(posts) / start.elapsed().as_secs_f64())
    }

    async fn post(&mut self) -> Result<()> {
        self.written += 1;
        let source = text(self.written);
        let mut tx = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let rev: i64 = sqlx::query("UPDATE feed SET rev = rev + 1 WHERE id = 1 RETURNING rev")
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        let id: i64 = sqlx::query(
            "INSERT INTO updates (entry_id, author_id, rev, source, html, posted_at)
             VALUES (1, 1, $1, $2, $2, $3) RETURNING id",
        )
        .bind(rev)
        .bind(&source)
        .bind(rev)
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
        sqlx::query("UPDATE entries SET head = $1 WHERE id = 1")
            .bind(rev)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO operations (account_id, op_id, request_hash, update_id, rev)
             VALUES (1, $1, $2, $3, $4)",
        )
        .bind(format!("ann-{:08}", self.written))
        .bind([0_u8; 32].as_slice())
        .bind(id)
        .bind(rev)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}
