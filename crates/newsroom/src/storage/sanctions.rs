//! The table of mutes and bans.

use domain::{
    AccountId, Caller, Nick, Reach, Reason, Role, RoomId, SanctionId, SanctionKind, Timestamp,
};
use sqlx::{Row, any::AnyRow};

use super::{
    Counter, Revision, Snapshot, Store,
    row::{Record, decodable},
    row_count::one_row,
};
use crate::{
    Result,
    model::{
        moderation::{NewSanction, Sanction, SanctionTarget},
        room::GuestId,
    },
};

/// Selects sanctions; `$rest` is the rest of the statement.
macro_rules! select_sanctions {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.kind, s.account_id, s.origin, s.network, s.nick, s.reason, s.created_at, s.ends_at,
                 (SELECT r.name FROM rooms r WHERE r.id = s.room_id) AS room
             FROM sanctions s ",
            $rest
        )
    };
}

/// The sanctions of a person at $5, the one that ends last first.
pub(super) const SANCTIONS_OF: &str = select_sanctions!(
    "WHERE s.ended_at IS NULL AND s.ends_at > $5
         AND (s.account_id = $1 OR s.guest = $2 OR s.origin = $3 OR s.network = $4)
         AND (s.room_id IS NULL OR s.room_id = $6)
     ORDER BY s.ends_at DESC LIMIT 1"
);
const SANCTION: &str = select_sanctions!("WHERE s.id = $1 AND s.ended_at IS NULL");
const RUNNING: &str = select_sanctions!(
    "WHERE s.ended_at IS NULL AND s.ends_at > $1 ORDER BY s.ends_at, s.id LIMIT $2"
);

impl Snapshot {
    /// Returns the sanction of a person at `now` that ends last: a ban, or a mute in `room`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn sanction_of(
        &mut self,
        target: &SanctionTarget,
        room: Option<RoomId>,
        now: Timestamp,
    ) -> Result<Option<Sanction>> {
        let row = sqlx::query(SANCTIONS_OF)
            .bind(target.account.map(|account| account.0))
            .bind(target.guest.as_ref().map(GuestId::as_str))
            .bind(target.address.as_deref())
            .bind(target.network.as_deref())
            .bind(now.0)
            .bind(room.map(|room| room.0))
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| sanction(&row)).transpose()
    }

    /// Returns a sanction that was not ended. It may be over.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn sanction(&mut self, id: SanctionId) -> Result<Option<Sanction>> {
        let query = sqlx::query(SANCTION).bind(id.0);
        let row = query.fetch_optional(&mut *self.tx).await?;
        row.map(|row| sanction(&row)).transpose()
    }

    /// Returns the first `limit` sanctions that run at `now`, in the order in which they end.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn running_sanctions(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Sanction>> {
        let query = sqlx::query(RUNNING).bind(now.0).bind(limit);
        let rows = query.fetch_all(&mut *self.tx).await?;
        Ok(decodable(&rows, sanction))
    }

    /// Returns the number of sanctions that run at `now`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn count_sanctions(&mut self, now: Timestamp) -> Result<i64> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS sanctions FROM sanctions WHERE ended_at IS NULL AND ends_at > $1",
        )
        .bind(now.0)
        .fetch_one(&mut *self.tx)
        .await?;
        Ok(row.try_get("sanctions")?)
    }

    /// Returns the role of an account; `None` if there is no such account.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn role_of(&mut self, account: AccountId) -> Result<Option<Role>> {
        let row = sqlx::query("SELECT id, role FROM accounts WHERE id = $1")
            .bind(account.0)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| Record::new("accounts", &row)?.word("role"))
            .transpose()
    }
}

impl Revision {
    /// Adds a sanction by `caller` at `now`. A mute is one of `room`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn add_sanction(
        &mut self,
        caller: &Caller,
        new: &NewSanction,
        (target, nick): (&SanctionTarget, &Nick),
        room: RoomId,
        now: Timestamp,
    ) -> Result<SanctionId> {
        let room = (new.kind == SanctionKind::Mute).then_some(room.0);
        let row = sqlx::query(
            "INSERT INTO sanctions (kind, room_id, account_id, guest, origin, network, nick, reason, created_at, created_by, ends_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        )
        .bind(new.kind.as_str())
        .bind(room)
        .bind(target.account.map(|account| account.0))
        .bind(target.guest.as_ref().map(GuestId::as_str))
        .bind(target.address.as_deref())
        .bind(target.network.as_deref())
        .bind(nick.as_str())
        .bind(new.reason.as_str())
        .bind(now.0)
        .bind(caller.id.0)
        .bind(now.plus_micros(new.length.micros()).0)
        .fetch_one(self.writing())
        .await?;
        Ok(SanctionId(row.try_get("id")?))
    }

    /// Ends a sanction at `now`.
    ///
    /// # Errors
    /// Returns an error if there is no such sanction, or the database can't be reached.
    pub async fn end_sanction(&mut self, id: SanctionId, now: Timestamp) -> Result<()> {
        let result = sqlx::query("UPDATE sanctions SET ended_at = $2 WHERE id = $1")
            .bind(id.0)
            .bind(now.0)
            .execute(self.writing())
            .await?;
        one_row(&result)
    }
}

impl Store {
    /// Deletes the sanctions that were over before `before`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn delete_sanctions(&self, before: Timestamp) -> Result<()> {
        let due = "SELECT 1 AS one FROM sanctions WHERE ends_at < $1 LIMIT 1";
        let delete = "DELETE FROM sanctions WHERE ends_at < $1";
        self.clean_up(Counter::ROOMS, due, delete, before)
            .await
            .map(drop)
    }
}

fn sanction(row: &AnyRow) -> Result<Sanction> {
    let record = Record::new("sanctions", row)?;
    let has = |column| Ok::<_, crate::Error>(record.get::<Option<String>>(column)?.is_some());
    let room: Option<String> = record.get("room")?;
    let room = room.map(|name| name.parse()).transpose();
    Ok(Sanction {
        id: SanctionId(record.id()),
        kind: record.word("kind")?,
        room: room.map_err(|_| record.corrupt("room"))?,
        nick: record.text("nick", Nick::from_stored)?,
        reach: match (has("network")?, has("origin")?) {
            (true, _) => Reach::Network,
            (false, true) => Reach::Address,
            (false, false) => Reach::Person,
        },
        account: record.get::<Option<i64>>("account_id")?.map(AccountId),
        reason: record.text("reason", Reason::from_stored)?,
        created_at: record.time("created_at")?,
        ends_at: record.time("ends_at")?,
    })
}
