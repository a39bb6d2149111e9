//! The outbox: the requests that wait until the server has responded to them.

use std::collections::HashMap;

use domain::Submission;
use idb::KeyRange;
use js_sys::Reflect;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{
    BY_ACCOUNT, OUTBOX, Storage, StorageError, TEXTS, from_stored, request::Request, to_stored,
};

/// The maximum number of requests of one live blog that are loaded at once, and of refused ones
/// besides. The others are loaded when these are sent.
pub const MAX_LOADED: usize = 100;

/// After how many requests that wait no further ones are considered: reading thousands takes
/// seconds.
const MAX_CONSIDERED: usize = 1_000;

/// The requests of an account that are loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The oldest requests of each live blog that wait to be sent, and the oldest ones that were
    /// refused, with their numbers and in their order.
    pub requests: Vec<(u64, StoredRequest)>,
    /// How many requests the account has.
    pub total: usize,
    /// The live blogs of these requests.
    pub entries: HashMap<String, LoadedEntry>,
    /// The number of the last request that was considered; `None` if all were.
    pub last: Option<u64>,
    /// How many requests that wait were considered.
    considered: usize,
}

/// The requests of a live blog that are loaded.
#[derive(Debug, Default)]
pub struct LoadedEntry {
    /// How many wait to be sent.
    waiting: usize,
    /// How many were refused.
    refused: usize,
    /// The number of the last one that waits.
    last: u64,
    /// Whether further ones wait.
    has_more: bool,
}

impl LoadedEntry {
    /// Returns the number of the last request that is loaded, if further ones wait.
    pub fn last_of_many(&self) -> Option<u64> {
        self.has_more.then_some(self.last)
    }
}

impl Loaded {
    /// Adds a stored request, unless enough of its kind are loaded.
    fn add(&mut self, key: &JsValue, value: &JsValue) {
        let Some(entry) = field(value, "entry").as_string() else {
            return;
        };
        let is_refused = field(&field(value, "submission"), "is_refused").is_truthy();
        self.considered += usize::from(!is_refused);
        let own = self.entries.entry(entry).or_default();
        let count = if is_refused {
            &mut own.refused
        } else {
            &mut own.waiting
        };
        if *count == MAX_LOADED {
            own.has_more |= !is_refused;
            return;
        }
        // One of a newer version is not known.
        if let (Some(number), Some(request)) = (number(key), from_stored(value)) {
            *count += 1;
            if !is_refused {
                own.last = number;
            }
            self.requests.push((number, request));
        }
    }
}

/// A request of an author, with everything that is needed to send it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredRequest {
    /// The account that made it, and under which alone it is sent.
    pub account: String,
    /// The entry's number.
    pub entry: String,
    /// The entry's slug when it was made. If the slug changes, the old one still works.
    pub slug: String,
    /// The operation id: the server carries out the request once.
    pub op_id: String,
    /// What to do.
    pub request: Request,
    /// When the author made it, in microseconds of the server's clock, if that was known.
    pub written_at: Option<i64>,
    /// The attempts to send it.
    pub submission: Submission,
    /// Why the server refused it.
    pub refusal: Option<String>,
}

/// Returns a field of a stored value; undefined if it has none.
fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or_default()
}

/// Returns the number of a request: its key in the store.
pub fn number(key: &JsValue) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "generated keys are integers from 1 to 2^53"
    )]
    key.as_f64().map(|number| number as u64)
}

#[expect(clippy::cast_precision_loss, reason = "generated keys are below 2^53")]
fn key(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

impl Storage {
    /// Returns the oldest requests of an account, and how many there are. A hundred of one live
    /// blog do not keep those of another one from being loaded, nor do refused ones, which wait for
    /// their author.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn requests(&self, account: &str) -> Result<Loaded, StorageError> {
        let account = account.to_owned();
        self.read(&[OUTBOX], async move |transaction| {
            let store = transaction.object_store(OUTBOX)?;
            let query = JsValue::from_str(&account).into();
            let own = store.index(BY_ACCOUNT)?.get_all_keys(Some(query), None)?;
            let own = own.await?;
            let mut loaded = Loaded {
                total: own.len(),
                ..Loaded::default()
            };
            for part in own.chunks(MAX_LOADED) {
                let (Some(first), Some(last)) = (part.first(), part.last()) else {
                    break;
                };
                let range = || KeyRange::bound(first, last, None, None);
                let keys = store.get_all_keys(Some(range()?.into()), None)?.await?;
                let values = store.get_all(Some(range()?.into()), None)?.await?;
                for (key, value) in keys.iter().zip(&values) {
                    // Requests of other accounts may be between them.
                    if field(value, "account").as_string().as_ref() == Some(&account) {
                        loaded.add(key, value);
                    }
                }
                if loaded.considered >= MAX_CONSIDERED {
                    loaded.last = number(last);
                    break;
                }
            }
            Ok(loaded)
        })
        .await
    }

    /// Adds a request. Returns its number. With a text, by its id and whether it was stored, moves
    /// it to the outbox in one transaction, or returns `None` if another page has posted or
    /// discarded it.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn add_request(
        &self,
        text: Option<(&str, bool)>,
        request: StoredRequest,
    ) -> Result<Option<u64>, StorageError> {
        let text = text.map(|(id, was_stored)| (JsValue::from_str(id), was_stored));
        self.write(&[TEXTS, OUTBOX], async move |transaction| {
            if let Some((key, was_stored)) = text {
                let texts = transaction.object_store(TEXTS)?;
                if was_stored && texts.get(key.clone())?.await?.is_none() {
                    return Ok(None);
                }
                texts.delete(key)?;
            }
            let outbox = transaction.object_store(OUTBOX)?;
            let key = outbox.add(&to_stored(&request), None)?.await?;
            Ok(number(&key))
        })
        .await
    }

    /// Stores the new state of a request, unless it was removed.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn store_request(
        &self,
        number: u64,
        request: StoredRequest,
    ) -> Result<(), StorageError> {
        self.write(&[OUTBOX], async move |transaction| {
            let store = transaction.object_store(OUTBOX)?;
            if store.get(key(number))?.await?.is_some() {
                store.put(&to_stored(&request), Some(&key(number)))?.await?;
            }
            Ok(())
        })
        .await
    }

    /// Removes a request. Returns whether it was there.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn remove_request(&self, number: u64) -> Result<bool, StorageError> {
        self.write(&[OUTBOX], async move |transaction| {
            let store = transaction.object_store(OUTBOX)?;
            let exists = store.get(key(number))?.await?.is_some();
            store.delete(key(number))?.await?;
            Ok(exists)
        })
        .await
    }
}
