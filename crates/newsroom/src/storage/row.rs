//! Decodes the columns of a row. A value that can't be decoded is an [`Error::Corrupt`] with its
//! location.

use domain::Timestamp;
use sqlx::{Any, Decode, Row as _, Type, any::AnyRow};

use crate::{Error, Result, log_limit::LogLimit};

/// A row with its table and its id, for errors.
pub struct Record<'r> {
    row: &'r AnyRow,
    table: &'static str,
    id: i64,
}

impl<'r> Record<'r> {
    /// Wraps a row of `table` that has a column `id`.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if that column is not a number.
    pub fn new(table: &'static str, row: &'r AnyRow) -> Result<Self> {
        let without_id = Self { row, table, id: 0 };
        let id = without_id.get("id")?;
        Ok(Self { id, ..without_id })
    }

    /// Wraps a row of `table`, which has no id.
    pub const fn without_id(table: &'static str, row: &'r AnyRow) -> Self {
        Self { row, table, id: 0 }
    }

    /// Returns the row's id.
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// Returns the value of `column`.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it has another type.
    pub fn get<T: Decode<'r, Any> + Type<Any>>(&self, column: &str) -> Result<T> {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    /// Returns the text of `column`, as the type that it was parsed into before it was stored.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it is not text.
    pub fn text<T>(&self, column: &str, from_stored: impl FnOnce(String) -> T) -> Result<T> {
        self.get(column).map(from_stored)
    }

    /// Returns the text of `column` if it is not null, as the type that it was parsed into before
    /// it was stored.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it is not text.
    pub fn maybe_text<T>(
        &self,
        column: &str,
        from_stored: impl FnOnce(String) -> T,
    ) -> Result<Option<T>> {
        Ok(self.get::<Option<String>>(column)?.map(from_stored))
    }

    /// Returns the enum variant of the word in `column`.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if there is no such variant.
    pub fn word<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        let word: String = self.get(column)?;
        word.parse().map_err(|_| self.corrupt(column))
    }

    /// Returns the boolean in `column`.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it is not a number.
    pub fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.get::<i64>(column)? != 0)
    }

    /// Returns the time in `column`.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it is not a number.
    pub fn time(&self, column: &str) -> Result<Timestamp> {
        self.get(column).map(Timestamp)
    }

    /// Returns the time in `column` if it is not null.
    ///
    /// # Errors
    /// Returns [`Error::Corrupt`] if it is not a number.
    pub fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp))
    }

    /// Creates the error for a value in `column` that can't be decoded.
    pub fn corrupt(&self, column: &str) -> Error {
        Error::Corrupt {
            table: self.table,
            id: self.id,
            column: column.to_owned(),
        }
    }
}

/// Decodes the rows of a list. A row that can't be decoded is logged and skipped, so that the
/// others remain available.
pub fn decodable<T>(rows: &[AnyRow], decode: impl Fn(&AnyRow) -> Result<T>) -> Vec<T> {
    rows.iter()
        .filter_map(|row| decode(row).map_err(|error| log_skipped(&error)).ok())
        .collect()
}

/// Logs a skipped row, at most once a minute for each, since every read would repeat it.
pub fn log_skipped(error: &Error) {
    static LIMIT: LogLimit<(&str, i64)> = LogLimit::new();
    if let Error::Corrupt { table, id, .. } = error
        && LIMIT.allows((table, *id))
    {
        error.log_failure("skipped a row");
    }
}
