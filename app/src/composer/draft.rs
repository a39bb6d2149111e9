//! Drafts in the browser: the composer stores what an author types until the server has published
//! it. A draft survives a crash, a network failure, and an expired session.

use domain::{AccountId, Submission};
use serde::{Deserialize, Serialize};

use crate::local_storage;

/// An update that is not published yet, stored in the browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalDraft {
    /// The text.
    pub source: String,
    /// The headline; empty for none.
    pub headline: String,
    /// The state of its submission.
    #[serde(flatten)]
    pub submission: Submission,
}

impl LocalDraft {
    /// Loads the draft with this key. Returns an empty draft if none is stored.
    pub fn load(key: &DraftKey) -> Self {
        local_storage::get(&key.0)
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default()
    }

    /// Stores the draft, or removes it if it is empty. Returns whether the browser stores drafts.
    pub fn store(&self, key: &DraftKey) -> bool {
        if self.source.is_empty() && self.headline.is_empty() {
            local_storage::remove(&key.0);
            return true;
        }
        serde_json::to_string(self).is_ok_and(|json| local_storage::set(&key.0, &json))
    }

    /// Sets the text. A different text is a different update, and is submitted with another
    /// operation id. Returns whether the previous text may have been published without the author
    /// knowing.
    pub fn set_text(&mut self, source: String, headline: String) -> bool {
        if self.source == source && self.headline == headline {
            return false;
        }
        (self.source, self.headline) = (source, headline);
        self.submission.edit()
    }

    /// Returns whether `other` has the same text.
    pub fn has_text_of(&self, other: &Self) -> bool {
        self.source == other.source && self.headline == other.headline
    }
}

/// The storage key of a draft. Each account has one draft per entry: another account that logs in
/// on the same browser does not see it.
#[derive(Clone, Debug)]
pub struct DraftKey(String);

impl DraftKey {
    /// Returns the key for `account` and the entry numbered `entry`. The entry's slug may change,
    /// so it is not part of the key.
    pub fn new(account: AccountId, entry: &str) -> Self {
        Self(format!("ringside-draft-{account}-{entry}"))
    }
}
