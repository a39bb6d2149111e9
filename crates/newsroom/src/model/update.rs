//! An update of a live blog.

use domain::{
    AccountId, Cursor, DisplayName, EntryId, Epoch, Headline, Mark, Rev, Timestamp, UpdateId,
    Username,
};

use crate::SafeHtml;

/// How much later than it was written an update is published without a note: 5 minutes, in
/// microseconds.
const LATE: i64 = 5 * 60 * 1_000_000;

/// How long a deletion can be undone, in microseconds: ten minutes. Then the text is erased.
pub const UNDO_WINDOW: i64 = 10 * 60 * 1_000_000;

/// An update as readers see it, or its tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveUpdate {
    /// Its id.
    pub id: UpdateId,
    /// The entry that contains it.
    pub entry_id: EntryId,
    /// The revision of its last change.
    pub rev: Rev,
    /// The author's account.
    pub author_id: AccountId,
    /// The author's username.
    pub author: Username,
    /// The author's display name, if readers see it instead.
    pub shown_author: Option<DisplayName>,
    /// The headline, if any.
    pub headline: Option<Headline>,
    /// The rendered text.
    pub html: SafeHtml,
    /// Whether it is a key update.
    pub key: bool,
    /// Whether it is the pinned update.
    pub pinned: bool,
    /// When it was posted, which is its place in the list: the time at which it was written, if it
    /// was published later.
    pub posted_at: Timestamp,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted, if it was. Its author or an editor may restore it, to restore it.
    pub deleted_at: Option<Timestamp>,
    /// The account that deleted it, if recorded.
    pub deleted_by: Option<AccountId>,
}

/// An update with the text that its author wrote, to edit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditableUpdate {
    /// The update.
    pub update: LiveUpdate,
    /// The text as the author wrote it. Empty once it was erased.
    pub source: String,
    /// The revision of the last change of its text or headline.
    pub text_rev: Rev,
    /// Who changed its text or headline last, if recorded. `None` if it was not edited.
    pub edited_by: Option<TextEditor>,
}

/// The account that changed an update's text last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEditor {
    /// The account.
    pub id: AccountId,
    /// Its username.
    pub username: Username,
}

impl EditableUpdate {
    /// Returns the base of an edit of its current text, in the database's epoch.
    pub const fn base(&self, epoch: Epoch) -> Cursor {
        Cursor::new(epoch, self.update.rev)
    }

    /// Returns the headline's text; empty if it has none.
    pub fn headline(&self) -> &str {
        self.update.headline.as_ref().map_or("", Headline::as_str)
    }
}

impl LiveUpdate {
    /// Returns the name that readers see below it.
    pub fn author_name(&self) -> &str {
        let name = self.shown_author.as_ref().map(DisplayName::as_str);
        name.unwrap_or_else(|| self.author.as_str())
    }

    /// Returns whether it is listed in the entry's highlights.
    pub const fn is_highlight(&self) -> bool {
        self.key || self.pinned
    }

    /// Returns whether it was published more than 5 minutes after it was written.
    pub const fn is_late(&self) -> bool {
        self.published_at.0.saturating_sub(self.posted_at.0) > LATE
    }

    /// Returns whether it has `mark`.
    pub const fn has(&self, mark: Mark) -> bool {
        match mark {
            Mark::Key => self.key,
            Mark::Pinned => self.pinned,
        }
    }
}
