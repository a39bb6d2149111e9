//! LISTEN and NOTIFY between servers that share a PostgreSQL database.
//!
//! After a commit a server notifies the others of the feed's head. This only reduces the delay:
//! every server also polls the head once a second. Servers that share an SQLite file only poll.

use domain::Rev;
use sqlx::postgres::PgListener;

use super::{Counter, Store, kind::Kind, presence};
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

    /// Notifies the other servers that the last revision of `counter` is `rev`. The payload is
    /// `REV` for entries, as earlier releases read it, or else `NAME REV`. Not part of a revision's
    /// transaction, since PostgreSQL serializes the commits of transactions that notify.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn notify(&self, counter: Counter, rev: Rev) -> Result<()> {
        let payload = match counter {
            Counter::ENTRIES => rev.to_string(),
            other => format!("{other} {rev}"),
        };
        // The cast is needed because the `Any` driver doesn't support the result's type, `void`.
        sqlx::query("SELECT CAST(pg_notify($1, $2) AS TEXT)")
            .bind(CHANNEL)
            .bind(payload)
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
    /// Waits for a notification, and returns the name of its counter and the revision. Returns
    /// `None` after a reconnection, during which notifications may have been lost.
    ///
    /// # Errors
    /// Returns an error if the connection can't be restored; listen again.
    pub async fn recv(&mut self) -> Result<Option<(String, Rev)>> {
        let notification = self.listener.try_recv().await?;
        if notification.is_none() {
            presence::share_lock(&mut self.listener).await?;
        }
        Ok(notification.and_then(|it| parse(it.payload())))
    }
}

fn parse(payload: &str) -> Option<(String, Rev)> {
    let entries = Counter::ENTRIES.name();
    let (name, rev) = payload.split_once(' ').unwrap_or((entries, payload));
    Some((name.to_owned(), rev.parse().ok()?))
}
