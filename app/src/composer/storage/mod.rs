//! The author's texts and unsent requests in the browser (`IndexedDB`), so that they survive a
//! reload, a crash, and weeks without a network.
//!
//! - `texts`: what is being written, keyed by its id.
//! - `outbox`: the author's requests, in order (`request`, `requests`).
//! - `leases`: which pages are open, where the browser has no Web Locks.

pub mod leases;
pub mod request;
pub mod requests;
pub mod texts;

use std::rc::Rc;

use futures::{
    channel::oneshot,
    future::{Either, LocalBoxFuture, select},
};
use gloo_timers::future::TimeoutFuture;
use idb::{
    Database, DatabaseEvent, Factory, IndexParams, KeyPath, ObjectStore, ObjectStoreParams,
    Transaction, TransactionMode,
};
use js_sys::JSON;
use leptos::reactive::spawn_local;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// The database's name.
const DATABASE: &str = "ringside";
/// The version of the database's structure.
const VERSION: u32 = 1;
/// The deadline of an operation, in milliseconds. A browser whose storage is damaged or blocked may
/// never respond.
const DEADLINE_MS: u32 = 5_000;

const TEXTS: &str = "texts";
const OUTBOX: &str = "outbox";
const LEASES: &str = "leases";
/// The index of texts by account and entry.
const BY_OWNER: &str = "owner";
/// The index of requests by account.
const BY_ACCOUNT: &str = "account";

/// Why a text could not be stored or loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The browser has no storage, blocks it, or does not respond.
    Blocked,
    /// The browser's storage is full.
    Full,
    /// A newer release of Ringside has stored texts in another form.
    NewerVersion,
}

impl StorageError {
    /// Returns the sentence for the author: what happened, and what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Blocked => {
                "This browser does not store drafts. Keep this page open until your text is posted, or copy it."
            }
            Self::Full => {
                "The browser's storage is full, so your text is not stored. Keep this page open until it is posted, or copy it."
            }
            Self::NewerVersion => {
                "Your texts were stored by a newer version of Ringside. Copy what you typed here, and reload the page."
            }
        }
    }
}

impl From<idb::Error> for StorageError {
    fn from(error: idb::Error) -> Self {
        match name_of(&error).as_deref() {
            Some("QuotaExceededError") => Self::Full,
            Some("VersionError") => Self::NewerVersion,
            _ => Self::Blocked,
        }
    }
}

/// Returns the name of the `DOMException` in an error.
fn name_of(error: &idb::Error) -> Option<String> {
    let exception: &JsValue = match error {
        idb::Error::DomException(exception) => exception.as_ref(),
        idb::Error::AddFailed(value)
        | idb::Error::UpdateFailed(value)
        | idb::Error::DeleteFailed(value)
        | idb::Error::IndexedDbOpenFailed(value)
        | idb::Error::TransactionOpenFailed(value) => value,
        _ => return None,
    };
    let name = js_sys::Reflect::get(exception, &"name".into()).ok()?;
    name.as_string()
}

/// The open database.
#[derive(Clone, Debug)]
pub struct Storage {
    database: Rc<Database>,
}

impl Storage {
    /// Opens the database, and creates its stores.
    ///
    /// # Errors
    /// If the browser blocks storage, or the database is of a newer version.
    pub async fn open() -> Result<Self, StorageError> {
        within_deadline(Box::pin(async {
            let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
            request.on_upgrade_needed(|event| {
                // A failure aborts the upgrade, and with it the opening.
                let _ = event.database().and_then(|database| create(&database));
            });
            let mut database = request.await?;
            // A newer release in another tab may change the structure. Later operations here fail.
            database.on_version_change(|event| {
                if let Ok(database) = event.database() {
                    database.close();
                }
            });
            let database = Rc::new(database);
            Ok(Self { database })
        }))
        .await
    }

    /// Runs `change` in a transaction, and waits until it is committed.
    async fn write<T: 'static>(
        &self,
        stores: &'static [&'static str],
        change: impl AsyncFnOnce(&Transaction) -> Result<T, idb::Error> + 'static,
    ) -> Result<T, StorageError> {
        let database = Rc::clone(&self.database);
        within_deadline(Box::pin(async move {
            let transaction = database.transaction(stores, TransactionMode::ReadWrite)?;
            let result = change(&transaction).await?;
            if transaction.await?.is_aborted() {
                return Err(StorageError::Full);
            }
            Ok(result)
        }))
        .await
    }

    /// Runs `read` in a transaction.
    async fn read<T: 'static>(
        &self,
        stores: &'static [&'static str],
        read: impl AsyncFnOnce(&Transaction) -> Result<T, idb::Error> + 'static,
    ) -> Result<T, StorageError> {
        let database = Rc::clone(&self.database);
        within_deadline(Box::pin(async move {
            let transaction = database.transaction(stores, TransactionMode::ReadOnly)?;
            Ok(read(&transaction).await?)
        }))
        .await
    }
}

fn create(database: &Database) -> Result<(), idb::Error> {
    let texts = database.create_object_store(TEXTS, ObjectStoreParams::new())?;
    index(&texts, BY_OWNER)?;
    let mut numbered = ObjectStoreParams::new();
    numbered.auto_increment(true);
    let outbox = database.create_object_store(OUTBOX, numbered)?;
    index(&outbox, BY_ACCOUNT)?;
    database.create_object_store(LEASES, ObjectStoreParams::new())?;
    Ok(())
}

fn index(store: &ObjectStore, field: &str) -> Result<(), idb::Error> {
    store.create_index(field, KeyPath::new_single(field), Some(IndexParams::new()))?;
    Ok(())
}

/// Waits for an operation, until the deadline. The operation continues after it: the browser may
/// still call its listeners. The operation is boxed, so that this code exists once for each type.
async fn within_deadline<T: 'static>(
    operation: LocalBoxFuture<'static, Result<T, StorageError>>,
) -> Result<T, StorageError> {
    let (sender, result) = oneshot::channel();
    spawn_local(async move {
        // Fails if the caller no longer waits.
        let _ = sender.send(operation.await);
    });
    match select(result, TimeoutFuture::new(DEADLINE_MS)).await {
        Either::Left((Ok(result), _)) => result,
        Either::Left((Err(_), _)) | Either::Right(_) => Err(StorageError::Blocked),
    }
}

/// Converts a value for the database. Its fields can be indexed.
fn to_stored(value: &impl Serialize) -> JsValue {
    let json = serde_json::to_string(value);
    // Can't fail: the types of this folder are objects of strings, numbers and booleans.
    json.map_or(JsValue::NULL, |json| {
        JSON::parse(&json).unwrap_or(JsValue::NULL)
    })
}

/// Converts a value of the database. Returns `None` for one that this version does not know.
fn from_stored<T: DeserializeOwned>(value: &JsValue) -> Option<T> {
    let json = String::from(JSON::stringify(value).ok()?);
    serde_json::from_str(&json).ok()
}

/// Returns up to `limit` values with this `key` in the index `name`, in the order of their keys.
async fn indexed<T: DeserializeOwned>(
    store: &ObjectStore,
    name: &str,
    key: &str,
    limit: u32,
) -> Result<Vec<(JsValue, T)>, idb::Error> {
    let index = store.index(name)?;
    let query = || Some(JsValue::from_str(key).into());
    let keys = index.get_all_keys(query(), Some(limit))?.await?;
    let values = index.get_all(query(), Some(limit))?.await?;
    let pairs = keys.into_iter().zip(values);
    Ok(pairs
        .filter_map(|(key, value)| Some((key, from_stored(&value)?)))
        .collect())
}
