//! The columns of display names, and of the names below updates.

use domain::{AccountId, DisplayName, UpdateId};
use sqlx::{Row, any::AnyRow};

use super::{Revision, Snapshot, row::Record, row_count::one_row};
use crate::{LiveUpdate, Result};

/// The name that readers are to see below the updates of an account `a`; NULL for its username.
macro_rules! shown_name {
    () => {
        "CASE WHEN (SELECT display_names FROM site WHERE id = 1) <> 0 THEN a.display_name END"
    };
}
pub(super) use shown_name;

/// An account whose updates don't all have its name yet.
#[derive(Clone, Debug)]
pub struct RenamedAccount {
    /// The account.
    pub id: AccountId,
    /// The name that its updates are to have; `None` for the username.
    pub name: Option<DisplayName>,
    /// The version of the name.
    pub version: i64,
}

impl Snapshot {
    /// Returns the display name of an account, if it has one.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn display_name(&mut self, account: AccountId) -> Result<Option<DisplayName>> {
        let row = sqlx::query("SELECT id, display_name FROM accounts WHERE id = $1")
            .bind(account.0)
            .fetch_one(&mut *self.tx)
            .await?;
        Record::new("accounts", &row)?.maybe_text("display_name", DisplayName::from_stored)
    }

    /// Returns an account whose updates don't all have its name yet; `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn renamed_account(&mut self) -> Result<Option<RenamedAccount>> {
        let row = sqlx::query(concat!(
            "SELECT a.id, ",
            shown_name!(),
            " AS shown_name, a.name_version FROM accounts a
             WHERE a.name_version <> a.named_version ORDER BY a.id LIMIT 1"
        ))
        .fetch_optional(&mut *self.tx)
        .await?;
        row.map(|row| {
            let record = Record::new("accounts", &row)?;
            Ok(RenamedAccount {
                id: AccountId(record.id()),
                name: record.maybe_text("shown_name", DisplayName::from_stored)?,
                version: record.get("name_version")?,
            })
        })
        .transpose()
    }

    /// Returns the ids of the first `limit` updates of an account, the newest first, that are older
    /// than `before` and have another name.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn updates_to_rename(
        &mut self,
        account: &RenamedAccount,
        before: UpdateId,
        limit: i64,
    ) -> Result<Vec<UpdateId>> {
        let rows = sqlx::query(
            "SELECT id FROM updates
             WHERE author_id = $1 AND id < $2 AND COALESCE(shown_author, '') <> $3
             ORDER BY id DESC LIMIT $4",
        )
        .bind(account.id.0)
        .bind(before.0)
        .bind(account.name.as_ref().map_or("", DisplayName::as_str))
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await?;
        let id = |row: &AnyRow| Ok(UpdateId(row.try_get("id")?));
        rows.iter().map(id).collect()
    }
}

impl Revision {
    /// Sets or removes the display name of an account.
    ///
    /// # Errors
    /// Returns an error if there is no such account, or the database can't be reached.
    pub async fn set_display_name(
        &mut self,
        account: AccountId,
        name: Option<(&DisplayName, &str)>,
    ) -> Result<()> {
        let result = sqlx::query(
            "UPDATE accounts SET display_name = $1, display_folded = $2,
                 name_version = name_version + 1 WHERE id = $3",
        )
        .bind(name.map(|(name, _)| name.as_str()))
        .bind(name.map(|(_, folded)| folded))
        .bind(account.0)
        .execute(self.writing())
        .await?;
        one_row(&result)
    }

    /// Records that readers are to see another name below the updates of each account with a
    /// display name.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn rename_all_authors(&mut self) -> Result<()> {
        sqlx::query(
            "UPDATE accounts SET name_version = name_version + 1 WHERE display_name IS NOT NULL",
        )
        .execute(self.writing())
        .await?;
        Ok(())
    }

    /// Sets the name below an update, under a revision unless the update is deleted.
    ///
    /// # Errors
    /// Returns an error if there is no such update, or the database can't be reached.
    pub async fn set_shown_author(
        &mut self,
        update: &LiveUpdate,
        name: Option<&DisplayName>,
    ) -> Result<()> {
        let is_visible = update.deleted_at.is_none();
        let rev = if is_visible {
            self.take_rev()?
        } else {
            update.rev
        };
        let result = sqlx::query("UPDATE updates SET shown_author = $1, rev = $2 WHERE id = $3")
            .bind(name.map(DisplayName::as_str))
            .bind(rev)
            .bind(update.id.0)
            .execute(self.writing())
            .await?;
        one_row(&result)?;
        if is_visible {
            self.record_change_of(update).await?;
        }
        Ok(())
    }

    /// Records that all updates of an account have its name, unless it has another one by now.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn finish_renaming(&mut self, account: &RenamedAccount) -> Result<()> {
        sqlx::query("UPDATE accounts SET named_version = $1 WHERE id = $2 AND name_version = $1")
            .bind(account.version)
            .bind(account.id.0)
            .execute(self.writing())
            .await?;
        Ok(())
    }
}
