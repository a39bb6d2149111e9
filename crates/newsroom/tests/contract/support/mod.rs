//! Helpers for the contract tests.

mod database;
mod network;
mod page;
mod postgres;
mod sqlite;
mod stream;
mod test_newsroom;

use std::{future::Future, time::Duration};

pub use database::{BeforeCard, Database};
pub use network::Network;
pub use page::PageModel;
pub use postgres::PostgresDatabase;
pub use sqlite::SqliteFile;
pub use stream::{Event, Stream, batch};
pub use test_newsroom::{TestNewsroom, card, draft, op_id, slug, text};

/// Awaits a future, and panics if it takes longer than ten seconds: enough for a busy machine.
pub async fn with_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("the future was not ready within ten seconds")
}
