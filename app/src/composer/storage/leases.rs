//! Leases: a page that holds one renews it, and another page may take it once it has expired. Used
//! where the browser has no Web Locks (plain http).

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{LEASES, Storage, StorageError, from_stored, to_stored};
use crate::browser_clock::now;

/// How long a lease lasts unless it is renewed, in milliseconds. Short, so that a page that
/// disappeared is replaced within seconds.
pub const LEASE_MS: u64 = 5_000;

#[derive(Debug, Serialize, Deserialize)]
struct Lease {
    holder: String,
    /// By the browser's clock.
    expires_at: u64,
}

impl Lease {
    /// Returns whether it is in force. One that expires later than it could is of a clock that was
    /// set back, and counts as expired.
    fn is_in_force(&self) -> bool {
        let now = now();
        now < self.expires_at && self.expires_at <= now + LEASE_MS
    }
}

impl Storage {
    /// Takes or renews the lease `name` for `holder`, from any other holder if `steal`. Returns
    /// whether `holder` has it.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn lease(&self, name: &str, holder: &str, steal: bool) -> Result<bool, StorageError> {
        let (key, holder) = (JsValue::from_str(name), holder.to_owned());
        self.write(&[LEASES], async move |transaction| {
            let store = transaction.object_store(LEASES)?;
            let stored = store.get(key.clone())?.await?;
            let stored: Option<Lease> = stored.as_ref().and_then(from_stored);
            if stored.is_some_and(|it| it.is_in_force() && it.holder != holder && !steal) {
                return Ok(false);
            }
            let lease = Lease {
                holder,
                expires_at: now() + LEASE_MS,
            };
            store.put(&to_stored(&lease), Some(&key))?.await?;
            Ok(true)
        })
        .await
    }

    /// Returns whether the lease `name` is in force.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn is_leased(&self, name: &str) -> Result<bool, StorageError> {
        let key = JsValue::from_str(name);
        self.read(&[LEASES], async move |transaction| {
            let store = transaction.object_store(LEASES)?;
            let stored = store.get(key)?.await?;
            let lease: Option<Lease> = stored.as_ref().and_then(from_stored);
            Ok(lease.is_some_and(|lease| lease.is_in_force()))
        })
        .await
    }

    /// Removes the leases that have expired, so that their number has a bound: the open pages.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn remove_expired_leases(&self) -> Result<(), StorageError> {
        self.write(&[LEASES], async move |transaction| {
            let store = transaction.object_store(LEASES)?;
            let keys = store.get_all_keys(None, None)?.await?;
            for (key, value) in keys.into_iter().zip(store.get_all(None, None)?.await?) {
                let lease: Option<Lease> = from_stored(&value);
                if lease.is_none_or(|lease| !lease.is_in_force()) {
                    store.delete(key)?;
                }
            }
            Ok(())
        })
        .await
    }
}
