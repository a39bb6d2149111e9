//! What an author has typed, kept in their browser until the server has it: it survives a crash, a
//! dead network, and a login that ran out.

use domain::Submission;
use serde::{Deserialize, Serialize};

use crate::memory;

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
    /// What was kept for the entry numbered `entry`: its name in addresses may change meanwhile.
    pub fn recall(entry: &str) -> Self {
        memory::recall(&key(entry))
            .and_then(|json| serde_json::from_str(&json).ok())
            .unwrap_or_default()
    }

    /// Keeps it, or forgets it if nothing is typed. Answers whether the browser keeps things.
    pub fn keep(&self, entry: &str) -> bool {
        if self.source.is_empty() && self.headline.is_empty() {
            memory::forget(&key(entry));
            return true;
        }
        serde_json::to_string(self).is_ok_and(|json| memory::remember(&key(entry), &json))
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

fn key(entry: &str) -> String {
    format!("ringside-draft-{entry}")
}
