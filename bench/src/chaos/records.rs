//! What the database itself holds, read past the server.

use std::{collections::BTreeMap, process::Command};

use domain::{Rev, UpdateId};
use sqlx::{AnyConnection, Connection, Row};

use super::{acknowledgements::Acknowledgements, client::Shown};
use crate::harness::{Database, DatabaseKind, Error, Folder, Result, While, note, text};

/// An update as it is stored.
struct Record {
    rev: Rev,
    source: String,
    deleted: bool,
}

/// Checks that the database holds what was acknowledged of `entry` and nothing else, that readers are `shown` it
/// at its revisions, and that nothing in its files is broken.
///
/// # Errors
/// With the first difference.
pub async fn check(
    database: &Database,
    folder: &Folder,
    entry: i64,
    acknowledged: &Acknowledgements,
    shown: &Shown,
) -> Result<()> {
    let mut connection = database.connect(folder).await?;
    let records = read(&mut connection, entry).await?;
    check_updates(&records, acknowledged, shown).map_err(Error::Violated)?;
    check_operations(&mut connection).await?;
    match database.kind {
        DatabaseKind::SQLite => check_file(&mut connection).await,
        DatabaseKind::PostgreSQL => check_cluster(&mut connection).await,
    }
}

/// Adds a live entry that no release can read: it must harm nobody but itself.
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

/// Begins another life of the database while its server is away, as a restore does: every cursor from
/// before leads nowhere.
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
    shown: &Shown,
) -> Result<(), String> {
    for (id, known) in acknowledged.updates() {
        let Some(record) = records.get(id) else {
            return Err(format!(
                "update {id} was acknowledged, and isn't in the database"
            ));
        };
        if record.deleted != known.deleted {
            let (kept, said) = (record.deleted, known.deleted);
            return Err(format!(
                "update {id}: deleted in the database {kept}, acknowledged {said}"
            ));
        }
        if !record.deleted && record.source != text(known.text) {
            let (kept, said) = (&record.source, known.text);
            return Err(format!(
                "update {id} has the text {kept:?} in the database, and not No. {said}"
            ));
        }
        match shown.get(id) {
            Some((rev, _)) if *rev != record.rev => {
                let kept = record.rev;
                return Err(format!(
                    "update {id} is shown at revision {rev}, and stored at {kept}"
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
            "update {id} is in the database, and was never acknowledged"
        )),
        None => Ok(()),
    }
}

/// Every post was asked for by a name, and each name stands for one update.
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

async fn check_file(connection: &mut AnyConnection) -> Result<()> {
    for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
        for row in sqlx::query(check).fetch_all(&mut *connection).await? {
            let said: String = row.try_get(0)?;
            if said != "ok" {
                return Err(Error::Violated(format!("{check}: {said}")));
            }
        }
    }
    Ok(())
}

/// Has PostgreSQL's own tool look at every table and index, where it is installed.
async fn check_cluster(connection: &mut AnyConnection) -> Result<()> {
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
            note("pg_amcheck is not installed: PostgreSQL's files were not looked at.");
            return Ok(());
        }
        output => output.while_doing("running pg_amcheck")?,
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::Violated(format!("pg_amcheck: {said}{complaint}")))
}
