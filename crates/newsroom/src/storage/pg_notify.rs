//! LISTEN and NOTIFY between servers that share a PostgreSQL database.
//!
//! After a commit a server notifies the others of the feed's head. This only reduces the delay:
//! every server also polls the head once a second. Servers that share an SQLite file only poll.

use domain::Rev;
use sqlx::postgres::PgListener;

use super::{Store, kind::Kind, presence};
use crate::Result;

/// The name of the notification channel.
const CHANNEL: &str = "ringside_head";

/// A listener on a separate connection.
#[derive(Debug)]
pub struct HeadListener {
    listener: PgListener,
}

impl Store {
    /// Returns whether the database supports notifications.
    pub fn has_notifications(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Notifies the other servers that the feed's head is `rev`. Not part of a revision's
    /// transaction, since PostgreSQL serializes the commits of transactions that notify.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn notify(&self, rev: Rev) -> Result<()> {
        // The cast is needed because the `Any` driver doesn't support the result's type, `void`.
        sqlx::query("SELECT CAST(pg_notify($1, $2) AS TEXT)")
            .bind(CHANNEL)
            .bind(rev.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Starts listening for notifications, including those of this server.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn listen(&self) -> Result<HeadListener> {
        let mut listener = PgListener::connect(&self.url).await?;
        listener.listen(CHANNEL).await?;
        presence::share_lock(&mut listener).await?;
        Ok(HeadListener { listener })
    }
}

impl HeadListener {
    /// Waits for a notification, and returns its revision. Returns `None` after a reconnection,
    /// during which notifications may have been lost.
    ///
    /// # Errors
    /// Returns an error if the connection can't be restored; listen again.
    pub async fn recv(&mut self) -> Result<Option<Rev>> {
        let notification = self.listener.try_recv().await?;
        if notification.is_none() {
            presence::share_lock(&mut self.listener).await?;
        }
        Ok(notification.and_then(|it| it.payload().parse().ok()))
    }
}
