//! Decodes the columns of a row. What can't be decoded is an [`Error::Corrupt`] that names the place.

use domain::Timestamp;
use sqlx::{Any, Decode, Row as _, Type, any::AnyRow};

use crate::{Error, Result, log_limit::LogLimit};

/// A row, and what its errors name: the table and the row's number.
pub struct Record<'r> {
    row: &'r AnyRow,
    table: &'static str,
    id: i64,
}

impl<'r> Record<'r> {
    /// A row of `table` with the number in its column `id`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if there is no number in that column.
    pub fn new(table: &'static str, row: &'r AnyRow) -> Result<Self> {
        let unnumbered = Self { row, table, id: 0 };
        let id = unnumbered.get("id")?;
        Ok(Self { id, ..unnumbered })
    }

    /// A row of `table`, which has no number.
    pub const fn unnumbered(table: &'static str, row: &'r AnyRow) -> Self {
        Self { row, table, id: 0 }
    }

    /// The row's number.
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// The value of `column`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is of another type.
    pub fn get<T: Decode<'r, Any> + Type<Any>>(&self, column: &str) -> Result<T> {
        self.row.try_get(column).map_err(|_| self.corrupt(column))
    }

    /// The text of `column`, as the type it was parsed into when it was stored.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no text.
    pub fn text<T>(&self, column: &str, from_stored: impl FnOnce(String) -> T) -> Result<T> {
        self.get(column).map(from_stored)
    }

    /// The text of `column` if it is not null, as the type it was parsed into when it was stored.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no text.
    pub fn maybe_text<T>(
        &self,
        column: &str,
        from_stored: impl FnOnce(String) -> T,
    ) -> Result<Option<T>> {
        Ok(self.get::<Option<String>>(column)?.map(from_stored))
    }

    /// The variant that the word in `column` stands for.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it stands for none.
    pub fn word<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        let word: String = self.get(column)?;
        word.parse().map_err(|_| self.corrupt(column))
    }

    /// Whether `column` is set.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no number.
    pub fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.get::<i64>(column)? != 0)
    }

    /// The time in `column`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no number.
    pub fn time(&self, column: &str) -> Result<Timestamp> {
        self.get(column).map(Timestamp)
    }

    /// The time in `column` if it is not null.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no number.
    pub fn maybe_time(&self, column: &str) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp))
    }

    /// The error of a value in `column` that can't be decoded.
    pub fn corrupt(&self, column: &str) -> Error {
        Error::Corrupt {
            table: self.table,
            id: self.id,
            column: column.to_owned(),
        }
    }
}

/// Decodes the rows of a list. A row that can't be decoded is left out and logged: it must not take the
/// others with it.
pub fn decodable<T>(rows: &[AnyRow], decode: impl Fn(&AnyRow) -> Result<T>) -> Vec<T> {
    rows.iter()
        .filter_map(|row| decode(row).map_err(|error| log_left_out(&error)).ok())
        .collect()
}

/// Logs that a row was left out, once a minute each: whatever reads it would repeat that.
pub fn log_left_out(error: &Error) {
    static LIMIT: LogLimit<(&str, i64)> = LogLimit::new();
    if let Error::Corrupt { table, id, .. } = error
        && LIMIT.allows((table, *id))
    {
        error.log_failure("a row was left out");
    }
}
