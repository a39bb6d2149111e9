//! The contents of the database, read without the server.

use std::{collections::BTreeMap, process::Command};

use domain::{MessageId, Rev, UpdateId};
use sqlx::{AnyConnection, Connection, Row};

use super::{acknowledgements::Acknowledgements, client::PageUpdates};
use crate::harness::{Context, Database, DatabaseKind, Error, Folder, Result, note, text};

/// An update as it is stored.
struct Record {
    rev: Rev,
    source: String,
    deleted: bool,
}

/// Checks that the database contains exactly what was acknowledged for `entry`, that `page` shows
/// it at the stored revisions, and that the database's files are intact.
///
/// # Errors
///
/// With the first difference.
pub async fn check(
    database: &Database,
    folder: &Folder,
    entry: i64,
    acknowledged: &Acknowledgements,
    page: &PageUpdates,
) -> Result<()> {
    let mut connection = database.connect(folder).await?;
    let records = read(&mut connection, entry).await?;
    check_updates(&records, acknowledged, page).map_err(Error::Violated)?;
    check_operations(&mut connection).await?;
    check_files(database, folder).await
}

/// Runs the database's own check of its files.
///
/// # Errors
///
/// With what it reports.
pub async fn check_files(database: &Database, folder: &Folder) -> Result<()> {
    let mut connection = database.connect(folder).await?;
    match database.kind {
        DatabaseKind::SQLite => check_sqlite(&mut connection).await,
        DatabaseKind::PostgreSQL => check_postgres(&mut connection).await,
    }
}

/// Returns the id of the mute or ban of the person called `name` that has not ended, if there is
/// one, in the database at `url`.
pub async fn sanction_of(url: &str, name: &str) -> Result<Option<i64>> {
    let mut connection = AnyConnection::connect(url).await?;
    let row = sqlx::query("SELECT id FROM sanctions WHERE nick = $1 AND ended_at IS NULL")
        .bind(name)
        .fetch_optional(&mut connection)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// A message as it is stored, also if it is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its id.
    pub id: MessageId,
    /// The name of its room.
    pub room: String,
    /// The revision at which it was sent.
    pub sent_rev: Rev,
    /// When it was sent, in microseconds.
    pub sent_at: i64,
    /// The name of its author.
    pub from: String,
    /// Its text.
    pub text: String,
    /// Whether it is deleted.
    pub is_deleted: bool,
}

/// Returns all messages, in the order in which they were sent.
pub async fn messages(database: &Database, folder: &Folder) -> Result<Vec<StoredMessage>> {
    let mut connection = database.connect(folder).await?;
    let rows = sqlx::query(
        "SELECT messages.id, name, sent_rev, sent_at, nick, text,
         CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END
         FROM messages JOIN rooms ON rooms.id = room_id ORDER BY sent_rev",
    )
    .fetch_all(&mut connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredMessage {
                id: MessageId(row.try_get(0)?),
                room: row.try_get(1)?,
                sent_rev: row.try_get(2)?,
                sent_at: row.try_get(3)?,
                from: row.try_get(4)?,
                text: row.try_get(5)?,
                is_deleted: row.try_get::<i64, _>(6)? == 1,
            })
        })
        .collect()
}

/// Adds a live entry that no release can decode. It must not affect other entries.
pub async fn add_corrupt_entry(database: &Database, folder: &Folder) -> Result<()> {
    let mut connection = database.connect(folder).await?;
    sqlx::query(
        "INSERT INTO entries (slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
         SELECT 'corrupt', 'Corrupt', '', 'live', 'UTC', 0, 'sideways', rev, rev FROM feed",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

/// Sets another epoch while the server is down, as a restore does: all earlier cursors become
/// invalid.
pub async fn begin_epoch(database: &Database, folder: &Folder) -> Result<()> {
    let mut connection = database.connect(folder).await?;
    sqlx::query("UPDATE feed SET epoch = 'restored'")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

async fn read(connection: &mut AnyConnection, entry: i64) -> Result<BTreeMap<UpdateId, Record>> {
    sqlx::query(
        "SELECT id, rev, source, CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END FROM updates
         WHERE entry_id = $1",
    )
    .bind(entry)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        let record = Record {
            rev: row.try_get(1)?,
            source: row.try_get(2)?,
            deleted: row.try_get::<i64, _>(3)? == 1,
        };
        Ok((UpdateId(row.try_get(0)?), record))
    })
    .collect()
}

fn check_updates(
    records: &BTreeMap<UpdateId, Record>,
    acknowledged: &Acknowledgements,
    page: &PageUpdates,
) -> Result<(), String> {
    for (id, known) in acknowledged.updates() {
        let Some(record) = records.get(id) else {
            return Err(format!(
                "update {id} was acknowledged, but is not in the database"
            ));
        };
        if record.deleted != known.deleted {
            let (stored, acknowledged) = (record.deleted, known.deleted);
            return Err(format!(
                "update {id}: deleted is {stored} in the database, but {acknowledged} was acknowledged"
            ));
        }
        if !record.deleted && record.source != text(known.text) {
            let (stored, number) = (&record.source, known.text);
            return Err(format!(
                "update {id} has the text {stored:?} in the database in place of No. {number}"
            ));
        }
        match page.get(id) {
            Some((rev, _)) if *rev != record.rev => {
                let stored = record.rev;
                return Err(format!(
                    "update {id} is shown at revision {rev}, but stored at {stored}"
                ));
            }
            _ => {}
        }
    }
    match records
        .keys()
        .find(|id| !acknowledged.updates().contains_key(id))
    {
        Some(id) => Err(format!(
            "update {id} is in the database, but was never acknowledged"
        )),
        None => Ok(()),
    }
}

/// Checks that each post has an operation id, and each operation id one update.
async fn check_operations(connection: &mut AnyConnection) -> Result<()> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM operations WHERE kind = 'posted'),
         (SELECT COUNT(DISTINCT update_id) FROM operations WHERE kind = 'posted'),
         (SELECT COUNT(*) FROM updates), (SELECT COUNT(*) FROM updates WHERE rev > (SELECT rev FROM feed))",
    )
    .fetch_one(connection)
    .await?;
    let [operations, named, updates, ahead] =
        [0, 1, 2, 3].map(|column| row.try_get::<i64, _>(column));
    let (operations, named, updates, ahead) = (operations?, named?, updates?, ahead?);
    if operations == updates && named == updates && ahead == 0 {
        return Ok(());
    }
    Err(Error::Violated(format!(
        "{updates} updates have {operations} operations that name {named} of them; {ahead} are ahead of the counter"
    )))
}

async fn check_sqlite(connection: &mut AnyConnection) -> Result<()> {
    for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
        for row in sqlx::query(check).fetch_all(&mut *connection).await? {
            let message: String = row.try_get(0)?;
            if message != "ok" {
                return Err(Error::Violated(format!("{check}: {message}")));
            }
        }
    }
    Ok(())
}

/// Runs PostgreSQL's own check of all tables and indexes, where it is installed.
async fn check_postgres(connection: &mut AnyConnection) -> Result<()> {
    let row =
        sqlx::query("SELECT current_database()::text, current_setting('unix_socket_directories')")
            .fetch_one(connection)
            .await?;
    let (name, folder): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let mut command = Command::new("pg_amcheck");
    command
        .args(["--install-missing", "--heapallindexed", "--host", &folder])
        .args(["--username", "ringside", "--no-password", &name]);
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            note("pg_amcheck is not installed: PostgreSQL's files were not checked.");
            return Ok(());
        }
        output => output.context("running pg_amcheck")?,
    };
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let output = String::from_utf8_lossy(&output.stdout);
    Err(Error::Violated(format!("pg_amcheck: {output}{errors}")))
}
