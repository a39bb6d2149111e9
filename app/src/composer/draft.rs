//! What an author has typed, kept in their browser until the server has it: it survives a crash, a
//! dead network, and a login that ran out.

use serde::{Deserialize, Serialize};

use crate::memory;

/// An update that isn't posted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDraft {
    /// The text.
    pub source: String,
    /// The line above it.
    pub headline: String,
    /// The name it was last sent under, if it was: sent again unchanged, it is published once.
    pub sent_as: Option<String>,
    /// When it was last sent first, in milliseconds of the author's clock.
    pub sent_at: Option<u64>,
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

    /// Takes in what is typed now. Another text is another update: it loses the name it was sent
    /// under.
    pub fn typed(&mut self, source: String, headline: String) {
        if self.source != source || self.headline != headline {
            (self.source, self.headline) = (source, headline);
            self.forget_sending();
        }
    }

    /// Forgets that it was sent.
    pub fn forget_sending(&mut self) {
        self.sent_as = None;
        self.sent_at = None;
    }
}

fn key(entry: &str) -> String {
    format!("ringside-draft-{entry}")
}
