//! From a row's columns to types that can't be wrong.

use domain::Timestamp;
use sqlx::{Row, any::AnyRow};

type Column<T> = Result<T, sqlx::Error>;

/// The text in `column`, read by `parse`.
pub fn parsed<T, E>(row: &AnyRow, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> Column<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.try_get(column)?;
    parse(&text).map_err(|error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    })
}

/// The text in `column`, read by `parse`, if there is one.
pub fn maybe_parsed<T, E>(
    row: &AnyRow,
    column: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Column<Option<T>>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match row.try_get::<Option<&str>, _>(column)? {
        Some(_) => parsed(row, column, parse).map(Some),
        None => Ok(None),
    }
}

/// Whether `column` is set.
pub fn flag(row: &AnyRow, column: &str) -> Column<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

/// The moment in `column`.
pub fn time(row: &AnyRow, column: &str) -> Column<Timestamp> {
    Ok(Timestamp(row.try_get(column)?))
}

/// The moment in `column`, if there is one.
pub fn maybe_time(row: &AnyRow, column: &str) -> Column<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}
