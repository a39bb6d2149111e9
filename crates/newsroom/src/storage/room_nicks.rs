//! The table of the names that people use in rooms, and the usernames that are reserved.

use domain::{AccountId, RoomId, Timestamp};
use sqlx::Row;

use super::{
    Counter, Revision, Snapshot, Store,
    messages::{columns, person},
    row::Record,
    row_count::one_row,
};
use crate::{
    Result,
    model::{nick::folded, room::PersonId},
};

/// A name in a room, and the person who uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NickClaim {
    /// The person.
    pub person: PersonId,
    /// A keyed hash of the address from which the person wrote.
    pub origin: String,
    /// Whether a guest has presented the cookie.
    pub presented: bool,
    /// When a message was last sent under the name.
    pub used_at: Timestamp,
}

pub(super) const ACCOUNT_BY_NICK: &str =
    "SELECT id FROM accounts WHERE nick_folded = $1 OR display_folded = $1 ORDER BY id LIMIT 1";
const UNFOLDED: &str = "SELECT id, username FROM accounts WHERE nick_folded IS NULL";

impl Snapshot {
    /// Returns the claim to a folded name in a room; `None` if it is free.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn nick_claim(&mut self, room: RoomId, folded: &str) -> Result<Option<NickClaim>> {
        let row = sqlx::query(
            "SELECT account_id, guest, origin, presented, used_at FROM room_nicks
             WHERE room_id = $1 AND folded = $2",
        )
        .bind(room.0)
        .bind(folded)
        .fetch_optional(&mut *self.tx)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let record = Record::without_id("room_nicks", &row);
        let Some(person) = person(&record)? else {
            return Ok(None);
        };
        Ok(Some(NickClaim {
            person,
            origin: record.get("origin")?,
            presented: record.flag("presented")?,
            used_at: record.time("used_at")?,
        }))
    }

    /// Returns how many names are in use in a room, up to `limit`, and how many of them by a
    /// person.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_nicks(
        &mut self,
        room: RoomId,
        person: &PersonId,
        limit: i64,
    ) -> Result<(i64, i64)> {
        let (account, guest) = columns(person);
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM room_nicks WHERE room_id = $1 LIMIT $4) AS used) AS of_room,
                    (SELECT COUNT(*) FROM room_nicks WHERE room_id = $1 AND (account_id = $2 OR guest = $3)) AS of_person",
        )
        .bind(room.0)
        .bind(account)
        .bind(guest)
        .bind(limit)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok((row.try_get("of_room")?, row.try_get("of_person")?))
    }

    /// Returns the account whose username has this folded form.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn account_by_nick(&mut self, folded: &str) -> Result<Option<AccountId>> {
        let row = sqlx::query(ACCOUNT_BY_NICK)
            .bind(folded)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| Ok(AccountId(row.try_get("id")?))).transpose()
    }
}

impl Revision {
    /// Stores a claim to a folded name in a room, in place of an earlier one.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_nick_claim(
        &mut self,
        room: RoomId,
        folded: &str,
        claim: &NickClaim,
    ) -> Result<()> {
        let (account, guest) = columns(&claim.person);
        let result = sqlx::query(
            "INSERT INTO room_nicks (room_id, folded, account_id, guest, origin, presented, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (room_id, folded) DO UPDATE SET
                 account_id = excluded.account_id, guest = excluded.guest, origin = excluded.origin,
                 presented = excluded.presented, used_at = excluded.used_at",
        )
        .bind(room.0)
        .bind(folded)
        .bind(account)
        .bind(guest)
        .bind(claim.origin.as_str())
        .bind(i64::from(claim.presented))
        .bind(claim.used_at.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }
}

impl Store {
    /// Deletes the claims that were last used before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_nick_claims(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM room_nicks WHERE used_at < $1 LIMIT 1";
        let delete = "DELETE FROM room_nicks WHERE used_at < $1";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }

    /// Stores the folded usernames of accounts that an earlier release created.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn fold_usernames(&self) -> Result<()> {
        for row in sqlx::query(UNFOLDED).fetch_all(&self.readers).await? {
            let (id, username): (i64, String) = (row.try_get("id")?, row.try_get("username")?);
            sqlx::query("UPDATE accounts SET nick_folded = $1 WHERE id = $2")
                .bind(folded(&username))
                .bind(id)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }
}
