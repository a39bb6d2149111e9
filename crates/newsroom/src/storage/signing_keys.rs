//! The table of keys that all servers on a database share.

use sqlx::Row;

use super::Store;
use crate::Result;

impl Store {
    /// Returns the key with the name `name`. Stores `new` if there is none yet.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn signing_key(&self, name: &'static str, new: &[u8]) -> Result<Vec<u8>> {
        let stored = || sqlx::query("SELECT secret FROM signing_keys WHERE name = $1").bind(name);
        if let Some(row) = self.look_up(stored()).await? {
            return Ok(row.try_get("secret")?);
        }
        let mut tx = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO signing_keys (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(new)
        .execute(&mut *tx)
        .await?;
        // Another server may have been faster.
        let row = stored().fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(row.try_get("secret")?)
    }
}
