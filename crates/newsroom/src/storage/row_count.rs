//! Checks of the number of rows that a write affected.

use crate::Result;

/// Checks that a write affected exactly one row.
pub fn one_row(result: &sqlx::any::AnyQueryResult) -> Result<()> {
    match result.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::RowNotFound.into()),
    }
}
