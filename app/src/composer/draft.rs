//! What an author has typed, kept in their browser until the server has it: it survives a crash, a
//! dead network, and a login that ran out.

use domain::{AccountId, Submission};
use serde::{Deserialize, Serialize};

use crate::local_storage;

/// An update that isn't posted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDraft {
    /// The text.
    pub source: String,
    /// The line above it.
    pub headline: String,
    /// What is known of its sending.
    #[serde(flatten)]
    pub submission: Submission,
}

impl KeptDraft {
    /// What is kept in `place`.
    pub fn recall(place: &DraftPlace) -> Self {
        local_storage::get(&place.0)
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default()
    }

    /// Keeps it, or forgets it if nothing is typed. Answers whether the browser keeps things.
    pub fn keep(&self, place: &DraftPlace) -> bool {
        if self.source.is_empty() && self.headline.is_empty() {
            local_storage::forget(&place.0);
            return true;
        }
        serde_json::to_string(self).is_ok_and(|json| local_storage::set(&place.0, &json))
    }

    /// Stores what is in the fields now. Another text is another update, and is sent under another
    /// operation id. Returns whether the text before may be published without the author knowing.
    pub fn set_text(&mut self, source: String, headline: String) -> bool {
        if self.source == source && self.headline == headline {
            return false;
        }
        (self.source, self.headline) = (source, headline);
        self.submission.edit()
    }

    /// Whether `other` has the same text.
    pub fn has_text_of(&self, other: &Self) -> bool {
        self.source == other.source && self.headline == other.headline
    }
}

/// Where in the browser a draft is kept: one for each account and entry. Another account that logs in here
/// is not shown it, and the first gets it back.
#[derive(Clone, Debug)]
pub struct DraftPlace(String);

impl DraftPlace {
    /// That of `account` for the entry numbered `entry`: its name in addresses may change meanwhile.
    pub fn new(account: AccountId, entry: &str) -> Self {
        Self(format!("ringside-draft-{account}-{entry}"))
    }
}
