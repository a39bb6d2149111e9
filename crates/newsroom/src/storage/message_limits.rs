//! The table of token buckets, which limit how many messages a person sends.

use std::collections::HashMap;

use domain::Timestamp;
use sqlx::Row;

use super::{Counter, Revision, Snapshot, Store};
use crate::Result;

pub(super) const MESSAGE_LIMITS: &str =
    "SELECT name, full_at FROM message_limits WHERE name IN ($1, $2, $3)";

/// Stores buckets; `$rows` are their names and times.
macro_rules! store_buckets {
    ($rows:literal) => {
        concat!(
            "INSERT INTO message_limits (name, full_at) VALUES ",
            $rows,
            " ON CONFLICT (name) DO UPDATE SET full_at = excluded.full_at"
        )
    };
}

impl Snapshot {
    /// Returns when these buckets are full; those that are full may be left out.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn message_limits(&mut self, names: [&str; 3]) -> Result<HashMap<String, Timestamp>> {
        let [one, two, three] = names;
        let rows = sqlx::query(MESSAGE_LIMITS)
            .bind(one)
            .bind(two)
            .bind(three)
            .fetch_all(&mut *self.tx)
            .await?;
        let bucket = |row: &sqlx::any::AnyRow| {
            Ok((row.try_get("name")?, Timestamp(row.try_get("full_at")?)))
        };
        rows.iter().map(bucket).collect()
    }
}

impl Revision {
    /// Stores when buckets are full, each with another name: two with one statement.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_message_limits(&mut self, buckets: &[(String, Timestamp)]) -> Result<()> {
        for pair in buckets.chunks(2) {
            let query = match pair {
                [_, _] => store_buckets!("($1, $2), ($3, $4)"),
                _ => store_buckets!("($1, $2)"),
            };
            let mut query = sqlx::query(query);
            for (name, full_at) in pair {
                query = query.bind(name.as_str()).bind(full_at.0);
            }
            query.execute(self.writing()).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Deletes the buckets that were full before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_message_limits(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM message_limits WHERE full_at < $1 LIMIT 1";
        let delete = "DELETE FROM message_limits WHERE full_at < $1";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }
}
