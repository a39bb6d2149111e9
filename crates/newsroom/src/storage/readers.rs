//! The tables of open streams: for each server that counts them, and added up for each entry.

use std::collections::BTreeMap;

use domain::{EntryId, Rev, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{Result, feed::ReaderCount};

pub(super) const READER_COUNTS_SINCE: &str =
    "SELECT entry_id, readers, rev FROM reader_counts WHERE rev > $1";
pub(super) const STREAMS_OF_ENTRY: &str =
    "SELECT CAST(COALESCE(SUM(streams), 0) AS BIGINT) AS streams
     FROM open_streams WHERE entry_id = $1";
pub(super) const STREAMS_OF_SERVER: &str =
    "SELECT entry_id, streams FROM open_streams WHERE server_id = $1";

impl Snapshot {
    /// Returns whether a server has counted its streams since `since`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn is_counting(&mut self, since: Timestamp) -> Result<bool> {
        let query = "SELECT 1 AS one FROM counting_servers WHERE seen_at >= $1 LIMIT 1";
        let query = sqlx::query(query).bind(since.0);
        Ok(query.fetch_optional(&mut *self.tx).await?.is_some())
    }

    /// Returns the number of open streams of each entry on a server.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn streams_of_server(&mut self, server: &str) -> Result<BTreeMap<EntryId, i64>> {
        let query = sqlx::query(STREAMS_OF_SERVER).bind(server);
        let rows = query.fetch_all(&mut *self.tx).await?;
        let streams =
            |row: &AnyRow| Ok((EntryId(row.try_get("entry_id")?), row.try_get("streams")?));
        rows.iter().map(streams).collect()
    }

    /// Returns the number of open streams of an entry on all servers.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn streams_of_entry(&mut self, entry: EntryId) -> Result<i64> {
        let query = sqlx::query(STREAMS_OF_ENTRY).bind(entry.0);
        let row = query.fetch_one(&mut *self.tx).await?;
        Ok(row.try_get("streams")?)
    }

    /// Returns the servers that have not counted their streams since `since`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn lost_servers(&mut self, since: Timestamp) -> Result<Vec<String>> {
        let query = sqlx::query("SELECT id FROM counting_servers WHERE seen_at < $1").bind(since.0);
        let rows = query.fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
    }

    /// Returns the number of readers that pages of an entry show.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn readers(&mut self, entry: EntryId) -> Result<i64> {
        let query = sqlx::query("SELECT readers FROM reader_counts WHERE entry_id = $1");
        let row = query.bind(entry.0).fetch_optional(&mut *self.tx).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("readers")?))
    }

    /// Returns the numbers of readers that changed after `since`, each with its entry.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn reader_counts_since(&mut self, since: Rev) -> Result<Vec<(EntryId, ReaderCount)>> {
        let query = sqlx::query(READER_COUNTS_SINCE).bind(since);
        let rows = query.fetch_all(&mut *self.tx).await?;
        let count = |row: &AnyRow| {
            let record = Record::without_id("reader_counts", row);
            let count = ReaderCount {
                readers: record.get("readers")?,
                rev: record.get("rev")?,
            };
            Ok((EntryId(record.get("entry_id")?), count))
        };
        rows.iter().map(count).collect()
    }
}

impl Revision {
    /// Records that a server counts its streams at `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn record_counting_server(&mut self, server: &str, now: Timestamp) -> Result<()> {
        let result = sqlx::query(
            "INSERT INTO counting_servers (id, seen_at) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(server)
        .bind(now.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Deletes a server and its streams.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_counting_server(&mut self, server: &str) -> Result<()> {
        sqlx::query("DELETE FROM counting_servers WHERE id = $1")
            .bind(server)
            .execute(self.writing())
            .await?;
        Ok(())
    }

    /// Stores the number of open streams of an entry on a server.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_streams(&mut self, server: &str, entry: EntryId, streams: i64) -> Result<()> {
        let query = if streams == 0 {
            sqlx::query("DELETE FROM open_streams WHERE server_id = $1 AND entry_id = $2")
        } else {
            sqlx::query(
                "INSERT INTO open_streams (server_id, entry_id, streams) VALUES ($1, $2, $3)
                 ON CONFLICT (server_id, entry_id) DO UPDATE SET streams = excluded.streams",
            )
        };
        let query = query.bind(server).bind(entry.0);
        let query = if streams == 0 {
            query
        } else {
            query.bind(streams)
        };
        query.execute(self.writing()).await?;
        Ok(())
    }

    /// Sets the number of readers that pages of an entry show, under a revision.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_readers(&mut self, entry: EntryId, readers: i64) -> Result<()> {
        let rev = self.take_rev()?;
        let result = sqlx::query(
            "INSERT INTO reader_counts (entry_id, readers, rev) VALUES ($1, $2, $3)
             ON CONFLICT (entry_id) DO UPDATE SET readers = excluded.readers, rev = excluded.rev",
        )
        .bind(entry.0)
        .bind(readers)
        .bind(rev)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}
