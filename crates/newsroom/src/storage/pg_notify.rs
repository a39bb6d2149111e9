//! The bell between servers that share a PostgreSQL database: rung after a commit, it carries the feed's
//! head and nothing else. It only makes news quicker. Whoever missed it looks at the head once a
//! second anyway, and so do servers that share an SQLite file, which has no bell.

use domain::Rev;
use sqlx::postgres::PgListener;

use super::{Store, open::Kind, presence};
use crate::Result;

/// PostgreSQL's name for the bell.
const CHANNEL: &str = "ringside_head";

/// Hears the bell, on a connection of its own.
#[derive(Debug)]
pub struct HeadListener {
    listener: PgListener,
}

impl Store {
    /// Whether other servers can be told at once.
    pub fn has_notifications(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Tells the other servers that the feed's head is `rev`. Not in a revision's transaction: the database
    /// would let one such commit at a time.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn notify(&self, rev: Rev) -> Result<()> {
        // Of its type, `void`, the driver for any database knows nothing.
        sqlx::query("SELECT CAST(pg_notify($1, $2) AS TEXT)")
            .bind(CHANNEL)
            .bind(rev.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Begins to listen for what other servers ring, and this one.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn listen(&self) -> Result<HeadListener> {
        let mut listener = PgListener::connect(&self.url).await?;
        listener.listen(CHANNEL).await?;
        presence::share_lock(&mut listener).await?;
        Ok(HeadListener { listener })
    }
}

impl HeadListener {
    /// The head that was rung; `None` after the connection was lost and found again: there may have been
    /// something.
    ///
    /// # Errors
    /// If the connection is lost for good; listen again.
    pub async fn recv(&mut self) -> Result<Option<Rev>> {
        let heard = self.listener.try_recv().await?;
        if heard.is_none() {
            presence::share_lock(&mut self.listener).await?;
        }
        Ok(heard.and_then(|notification| notification.payload().parse().ok()))
    }
}
