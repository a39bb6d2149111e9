//! Helpers for the HTTP tests.

mod app;
mod raw;
mod response;
mod stream;

use std::{future::Future, time::Duration};

pub use app::TestApp;
pub use raw::{RawResponse, send_raw};
pub use response::{
    attribute, field_value, head_of, tag_texts, textarea_named, textarea_value, unescape,
};
pub use stream::{Event, Stream};

/// Awaits a future, and panics if it takes longer than ten seconds: enough for a busy machine.
pub async fn with_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("the future was not ready within ten seconds")
}

/// Returns an operation id that was not used before.
pub fn op_id() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("operation-{}", LAST.fetch_add(1, Ordering::Relaxed))
}
