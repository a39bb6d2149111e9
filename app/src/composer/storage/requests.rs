//! The outbox: the requests that wait until the server has responded to them.

use domain::Submission;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{
    BY_ACCOUNT, OUTBOX, Storage, StorageError, TEXTS, indexed, request::Request, texts::StoredText,
    to_stored,
};

/// The maximum number of requests that are loaded at once. The others are loaded when these are
/// sent.
pub const MAX_LOADED: u32 = 100;

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
    /// Returns the oldest requests of an account with their numbers, at most [`MAX_LOADED`], and
    /// how many there are.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn requests(
        &self,
        account: &str,
    ) -> Result<(Vec<(u64, StoredRequest)>, u32), StorageError> {
        let account = account.to_owned();
        self.read(&[OUTBOX], async move |transaction| {
            let store = transaction.object_store(OUTBOX)?;
            let requests: Vec<(JsValue, StoredRequest)> =
                indexed(&store, BY_ACCOUNT, &account, MAX_LOADED).await?;
            let query = JsValue::from_str(&account).into();
            let count = store.index(BY_ACCOUNT)?.count(Some(query))?.await?;
            let requests = requests.into_iter();
            let numbered = requests.filter_map(|(key, it)| Some((number(&key)?, it)));
            Ok((numbered.collect(), count))
        })
        .await
    }

    /// Moves a text to the outbox, in one transaction. Returns the number of its request, or `None`
    /// if another page has posted or discarded the text.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn submit_text(
        &self,
        text: &StoredText,
        was_stored: bool,
        request: StoredRequest,
    ) -> Result<Option<u64>, StorageError> {
        let text_key = JsValue::from_str(&text.id);
        self.write(&[TEXTS, OUTBOX], async move |transaction| {
            let texts = transaction.object_store(TEXTS)?;
            if was_stored && texts.get(text_key.clone())?.await?.is_none() {
                return Ok(None);
            }
            texts.delete(text_key)?;
            let outbox = transaction.object_store(OUTBOX)?;
            let key = outbox.add(&to_stored(&request), None)?.await?;
            Ok(number(&key))
        })
        .await
    }

    /// Adds a request that is not made from a text. Returns its number.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn add_request(&self, request: StoredRequest) -> Result<Option<u64>, StorageError> {
        self.write(&[OUTBOX], async move |transaction| {
            let store = transaction.object_store(OUTBOX)?;
            let key = store.add(&to_stored(&request), None)?.await?;
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
