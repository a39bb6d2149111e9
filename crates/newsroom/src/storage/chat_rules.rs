//! The rules of all rooms: their state, and the word filter.

use domain::{FilteredWord, RoomState, Timestamp};
use sqlx::{Row, any::AnyRow};

use super::{Revision, Snapshot, counter, row::Record, row_count::one_row};
use crate::{Result, model::room_rules::AllRooms};

impl Snapshot {
    /// Returns the rules of all rooms.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn all_rooms(&mut self) -> Result<AllRooms> {
        let row =
            sqlx::query("SELECT state AS all_state, words_version FROM chat_rules WHERE id = 1")
                .fetch_one(&mut *self.tx)
                .await?;
        all_rooms(&Record::without_id("chat_rules", &row))
    }

    /// Returns the filtered words, each as it was entered and in its folded form.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn filtered_words(&mut self) -> Result<Vec<(FilteredWord, String)>> {
        let rows = sqlx::query("SELECT word, folded FROM filtered_words ORDER BY folded")
            .fetch_all(&mut *self.tx)
            .await?;
        let word = |row: &AnyRow| {
            let word = FilteredWord::from_stored(row.try_get("word")?);
            Ok((word, row.try_get("folded")?))
        };
        rows.iter().map(word).collect()
    }
}

impl Revision {
    /// Sets the state that no room exceeds. Each room takes a revision, so that its feed carries
    /// the change.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_all_rooms(&mut self, state: RoomState) -> Result<()> {
        let result = sqlx::query("UPDATE chat_rules SET state = $1 WHERE id = 1")
            .bind(state.as_str())
            .execute(self.writing())
            .await?;
        one_row(&result)?;
        let last = self.last_rev();
        let result = sqlx::query(
            "UPDATE rooms SET rev = $1 + n.place, head = $1 + n.place
             FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM rooms) AS n
             WHERE rooms.id = n.id",
        )
        .bind(last)
        .execute(self.writing())
        .await?;
        let count = i64::try_from(result.rows_affected()).unwrap_or(i64::MAX);
        self.continue_at(counter::after(last, count)?);
        Ok(())
    }

    /// Replaces the filtered words, each with its folded form. The version is the time, so that no
    /// version of a transaction that was rolled back is used again.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn set_filtered_words(
        &mut self,
        words: &[(FilteredWord, String)],
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query("DELETE FROM filtered_words")
            .execute(self.writing())
            .await?;
        for (word, folded) in words {
            sqlx::query(
                "INSERT INTO filtered_words (folded, word) VALUES ($1, $2)
                 ON CONFLICT (folded) DO NOTHING",
            )
            .bind(folded.as_str())
            .bind(word.as_str())
            .execute(self.writing())
            .await?;
        }
        let result = sqlx::query(
            "UPDATE chat_rules SET words_version =
                 CASE WHEN words_version >= $1 THEN words_version + 1 ELSE $1 END
             WHERE id = 1",
        )
        .bind(now.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}

/// Returns the rules of all rooms in the columns `all_state` and `words_version`.
pub(super) fn all_rooms(record: &Record<'_>) -> Result<AllRooms> {
    Ok(AllRooms {
        state: record.word("all_state")?,
        words_version: record.get("words_version")?,
    })
}
