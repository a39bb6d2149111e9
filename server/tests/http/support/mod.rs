//! What the tests stand on.

mod app;
mod raw;
mod said;
mod stream;

use std::{future::Future, time::Duration};

pub use app::TestApp;
pub use raw::{Raw, ask};
pub use said::{attribute, head_of, tag_texts, text_of_form, typed_into, unescape};
pub use stream::{Event, Stream};

/// Waits for what is bound to happen soon. Ten seconds are for a machine that does a lot else.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), what)
        .await
        .expect("it didn't happen in ten seconds")
}

/// An operation's name that was never used.
pub fn op_id() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("operation-{}", LAST.fetch_add(1, Ordering::Relaxed))
}
