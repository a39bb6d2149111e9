//! How long the data of moderation is kept.

use domain::Timestamp;

use crate::{Newsroom, Result, UNDO_WINDOW};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// How long held messages, reports, sanctions that are over, and the log are kept, in
/// microseconds: 90 days, as long as operation ids.
const KEPT: i64 = 90 * DAY;
/// How long the keyed hashes of a message's address are kept, in microseconds: 30 days, in which a
/// moderator can ban the address.
const ORIGINS_KEPT: i64 = 30 * DAY;

impl Newsroom {
    /// Erases and deletes what is older than it is kept.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub(crate) async fn maintain_moderation(&self, now: Timestamp) -> Result<()> {
        let old = now.plus_micros(-KEPT);
        let store = &self.store;
        store.delete_message_limits(now).await?;
        store
            .erase_rejected_messages(now.plus_micros(-UNDO_WINDOW))
            .await?;
        store.erase_origins(now.plus_micros(-ORIGINS_KEPT)).await?;
        store.delete_held_messages(old).await?;
        store.delete_reports(old).await?;
        store.delete_sanctions(old).await?;
        store.delete_log_entries(old).await
    }
}
