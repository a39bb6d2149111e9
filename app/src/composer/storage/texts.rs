//! The texts that authors are writing.

use domain::{AccountId, DraftHeadline, DraftSource, Invalid};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{BY_OWNER, Storage, StorageError, TEXTS, from_stored, indexed, to_stored};

/// The maximum number of texts of one entry that are loaded.
const MAX_TEXTS: u32 = 50;

/// What the author typed and chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text, as Markdown.
    pub source: String,
    /// The headline; empty for none.
    #[serde(default)]
    pub headline: String,
    /// Whether it is posted as a key update.
    #[serde(default)]
    pub key: bool,
    /// Whether it is posted as the pinned update.
    #[serde(default)]
    pub pinned: bool,
}

impl Text {
    /// Returns whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.source.trim().is_empty() && self.headline.trim().is_empty()
    }

    /// Checks the length, as the server does for a draft and a preview. What is far too long is not
    /// even sent.
    ///
    /// # Errors
    /// If the server would refuse it.
    pub fn check_length(&self) -> Result<(), Invalid> {
        DraftSource::parse(&self.source)?;
        DraftHeadline::parse(&self.headline)?;
        Ok(())
    }
}

/// What a text becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// A new update.
    Post,
    /// The new text of an update.
    Edit {
        /// The update's id.
        update: i64,
        /// The cursor of the version that the author started from.
        base: String,
    },
    /// The article of the entry.
    Article {
        /// The cursor of the version that the author started from.
        base: String,
    },
}

impl Purpose {
    /// Returns what it becomes, as a sentence, if that is not an update.
    pub const fn note(&self) -> Option<&'static str> {
        match self {
            Self::Post => None,
            Self::Edit { .. } => Some("Changes to an update."),
            Self::Article { .. } => Some("Changes to the article."),
        }
    }
}

/// A text that is being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredText {
    /// Its id: the operation id under which it is sent.
    pub id: String,
    /// The account and the entry.
    pub owner: String,
    /// The page that edits it, if one does.
    pub holder: Option<String>,
    /// What it becomes.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// The draft on the server that it continues, if any.
    pub draft: Option<DraftVersion>,
    /// What was typed.
    #[serde(flatten)]
    pub text: Text,
    /// When it was changed, in milliseconds by the browser's clock.
    pub changed_at: u64,
}

/// The version of a draft on the server that a text continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftVersion {
    /// The draft's id.
    pub id: i64,
    /// The version that the text is based on.
    pub version: i64,
}

/// The state of a stored text, as seen by a page that edits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored.
    Kept,
    /// Another page has taken over the text, so nothing was stored.
    Taken,
    /// Another page has posted or discarded the text, so nothing was stored.
    Gone,
}

/// Returns the owner of texts of `account` in the entry numbered `entry`.
pub fn owner(account: AccountId, entry: &str) -> String {
    format!("{account}/{entry}")
}

/// Returns the key in the local storage that marks a text as submitted, until it is in the outbox:
/// the local storage is the only one that browsers write at once.
pub fn submitted_key(id: &str) -> String {
    ["ringside-submitted-", id].concat()
}

impl Storage {
    /// Returns the texts of an account and entry, those of other pages included.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn texts(&self, owner: &str) -> Result<Vec<StoredText>, StorageError> {
        let owner = owner.to_owned();
        let texts: Vec<(JsValue, StoredText)> = self
            .read(&[TEXTS], async move |transaction| {
                let store = transaction.object_store(TEXTS)?;
                indexed(&store, BY_OWNER, &owner, MAX_TEXTS).await
            })
            .await?;
        Ok(texts.into_iter().map(|(_, text)| text).collect())
    }

    /// Stores a text, or removes it if it is empty. `was_stored` is whether this page has stored
    /// it before: if it is missing then, another page has posted it.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn store_text(
        &self,
        text: StoredText,
        was_stored: bool,
    ) -> Result<Stored, StorageError> {
        self.write(&[TEXTS], async move |transaction| {
            let store = transaction.object_store(TEXTS)?;
            let key = JsValue::from_str(&text.id);
            let stored = store.get(key.clone())?.await?;
            let stored: Option<StoredText> = stored.as_ref().and_then(from_stored);
            match stored {
                Some(stored) if stored.holder != text.holder => return Ok(Stored::Taken),
                None if was_stored => return Ok(Stored::Gone),
                _ if text.text.is_empty() => {
                    store.delete(key)?.await?;
                }
                _ => {
                    store.put(&to_stored(&text), Some(&key))?.await?;
                }
            }
            Ok(Stored::Kept)
        })
        .await
    }

    /// Stores a text so that no page edits it any longer, unless another page has taken over,
    /// posted or discarded it. `was_stored` as in [`Storage::store_text`].
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn set_aside_text(
        &self,
        text: StoredText,
        was_stored: bool,
    ) -> Result<(), StorageError> {
        self.write(&[TEXTS], async move |transaction| {
            let store = transaction.object_store(TEXTS)?;
            let key = JsValue::from_str(&text.id);
            let stored = store.get(key.clone())?.await?;
            let stored: Option<StoredText> = stored.as_ref().and_then(from_stored);
            let is_own = stored.map_or(!was_stored, |stored| stored.holder == text.holder);
            if is_own {
                let text = StoredText {
                    holder: None,
                    ..text
                };
                store.put(&to_stored(&text), Some(&key))?.await?;
            }
            Ok(())
        })
        .await
    }

    /// Makes `holder` the page that edits a text, if `previous` still is. Returns whether it is.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn claim_text(
        &self,
        id: &str,
        previous: Option<String>,
        holder: Option<String>,
    ) -> Result<bool, StorageError> {
        let key = JsValue::from_str(id);
        self.write(&[TEXTS], async move |transaction| {
            let store = transaction.object_store(TEXTS)?;
            let stored = store.get(key.clone())?.await?;
            let Some(mut text) = stored.as_ref().and_then(from_stored::<StoredText>) else {
                return Ok(false);
            };
            if text.holder != previous {
                return Ok(false);
            }
            text.holder = holder;
            store.put(&to_stored(&text), Some(&key))?.await?;
            Ok(true)
        })
        .await
    }

    /// Removes a text.
    ///
    /// # Errors
    /// If the browser's storage fails.
    pub async fn discard_text(&self, id: &str) -> Result<(), StorageError> {
        let key = JsValue::from_str(id);
        self.write(&[TEXTS], async move |transaction| {
            let store = transaction.object_store(TEXTS)?;
            store.delete(key)?.await?;
            Ok(())
        })
        .await
    }
}
