//! What the tests stand on.

mod database;
mod network;
mod page;
mod postgres;
mod room;
mod sqlite;
mod stream;

use std::{future::Future, time::Duration};

pub use database::Database;
pub use network::Network;
pub use page::LivePage;
pub use postgres::PostgresDatabase;
pub use room::{TestNewsroom, card, draft, op_id, slug};
pub use sqlite::SqliteFile;
pub use stream::{Event, Stream, batch};

/// Waits for what is bound to happen soon. Ten seconds are for a machine that does a lot else.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what)
        .await
        .expect("it didn't happen in ten seconds")
}
