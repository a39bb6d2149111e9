//! The revision counter and its epoch, in one row. A transaction that writes holds the row's lock.

use domain::{MAX_REV, Rev};
use sqlx::{Any, Row, Transaction};

use super::{row_count::one_row, transaction::BoundedTransaction};
use crate::{Error, Result};

/// Creates the first epoch in a new database.
pub(super) async fn init_epoch(tx: &mut Transaction<'_, Any>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, $1, 0, 0)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(random_epoch())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks the counter until the transaction ends, so that it is the only writer.
pub(super) async fn take_write_lock(tx: &mut BoundedTransaction) -> Result<()> {
    let result = sqlx::query("UPDATE feed SET rev = rev WHERE id = 1")
        .execute(&mut *tx)
        .await?;
    one_row(&result)
}

/// Locks the counter, and returns its value.
pub(super) async fn take_write_lock_at(tx: &mut BoundedTransaction) -> Result<Rev> {
    let row = sqlx::query("UPDATE feed SET rev = rev WHERE id = 1 RETURNING rev")
        .fetch_one(&mut *tx)
        .await?;
    Ok(row.try_get("rev")?)
}

/// Sets the counter.
pub(super) async fn set_rev(connection: &mut BoundedTransaction, rev: Rev) -> Result<()> {
    let result = sqlx::query("UPDATE feed SET rev = $1 WHERE id = 1")
        .bind(rev)
        .execute(connection)
        .await?;
    one_row(&result)
}

/// Returns the revision `count` after `rev`.
///
/// # Errors
/// Returns [`Error::Internal`] if it is not below 2^53, the limit of integers in JavaScript.
pub(super) fn after(rev: Rev, count: i64) -> Result<Rev> {
    rev.checked_add(count)
        .filter(|rev| (0..=MAX_REV).contains(rev))
        .ok_or(Error::Internal(
            "The revision counter has reached its limit. Stop the server and run `ringside repair revisions`.",
        ))
}

/// Returns eight random letters and digits: two epochs of a database practically never collide.
pub fn random_epoch() -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    rand::random::<[u8; 8]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}
