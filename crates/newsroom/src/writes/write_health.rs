//! Tracks whether the database's storage can be written, for the readiness check.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{Error, Result, storage::Store};

/// The interval between two test writes.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Whether a write failed because of the storage (a full, broken or read-only disk), and no write
/// has succeeded since.
#[derive(Debug, Default)]
pub struct WriteHealth {
    failing: AtomicBool,
    failed: Notify,
}

impl WriteHealth {
    /// Returns whether writes fail.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Records that a transaction was committed.
    pub fn record_commit(&self) {
        self.failing.store(false, Ordering::Release);
    }

    /// Records that a write failed with `error`, if the storage is the cause.
    pub fn record_error(&self, error: &Error) {
        if error.is_storage_failure() {
            self.failing.store(true, Ordering::Release);
            self.failed.notify_one();
        }
    }

    /// Records the result of a write. A success doesn't count, since it may have committed nothing.
    pub fn record<T>(&self, result: &Result<T>) {
        if let Err(error) = result {
            self.record_error(error);
        }
    }

    /// Tests once a second whether the storage can be written, while writes fail.
    pub async fn probe(&self, store: &Store) {
        loop {
            self.failed.notified().await;
            tracing::error!("the database's disk can't be written; testing it once a second");
            while self.is_failing() {
                tokio::time::sleep(PROBE_INTERVAL).await;
                if store.probe_write().await.is_ok() {
                    self.record_commit();
                }
            }
            tracing::info!("the database's disk can be written again");
        }
    }
}
