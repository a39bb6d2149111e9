//! Whether the database's storage can be written: readiness depends on it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{Error, Result, storage::Store};

/// How long to wait between two attempts to write again.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Whether a write failed for storage (a full, broken or read-only disk), and none has succeeded since.
#[derive(Debug, Default)]
pub struct WriteHealth {
    failing: AtomicBool,
    failed: Notify,
}

impl WriteHealth {
    /// Whether writes fail.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Notes that a transaction was committed.
    pub fn note_commit(&self) {
        self.failing.store(false, Ordering::Release);
    }

    /// Notes that a write failed with `error`, if that is for storage.
    pub fn note_error(&self, error: &Error) {
        if error.is_of_storage() {
            self.failing.store(true, Ordering::Release);
            self.failed.notify_one();
        }
    }

    /// The same of a write's result, in which nothing need have been committed.
    pub fn note<T>(&self, result: &Result<T>) {
        if let Err(error) = result {
            self.note_error(error);
        }
    }

    /// Tries to write, once a second while writes fail.
    pub async fn probe(&self, store: &Store) {
        loop {
            self.failed.notified().await;
            tracing::error!("the database's disk can't be written; trying once a second");
            while self.is_failing() {
                tokio::time::sleep(PROBE_INTERVAL).await;
                if store.probe_write().await.is_ok() {
                    self.note_commit();
                }
            }
            tracing::info!("the database's disk can be written again");
        }
    }
}
