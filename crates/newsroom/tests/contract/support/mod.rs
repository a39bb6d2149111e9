//! What the tests stand on.

mod database;
mod network;
mod page;
mod postgres;
mod sqlite;
mod stream;
mod test_newsroom;

use std::{future::Future, time::Duration};

pub use database::Database;
pub use network::Network;
pub use page::LivePage;
pub use postgres::PostgresDatabase;
pub use sqlite::SqliteFile;
pub use stream::{Event, Stream, batch};
pub use test_newsroom::{TestNewsroom, card, draft, op_id, slug};

/// Waits for what is bound to happen soon. Ten seconds are for a machine that does a lot else.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what)
        .await
        .expect("it didn't happen in ten seconds")
}
