//! Conflicts between edits: an edit names the revision that it is based on, and is refused if the
//! text was changed after it.

use domain::{ConflictReason, Cursor, EditConflict, Rev};

use super::word_diff::word_diff;
use crate::{EditableUpdate, Entry, Error, Newsroom, Result, UpdatePatch};

/// Returns the base of the next edit by a client that sent `patch`, based on `base`: the current
/// revision, but only if the client knows the current text. Otherwise its next edit would overwrite
/// a text that it has never received.
pub fn next_base(
    entry: &Entry,
    current: &EditableUpdate,
    patch: &UpdatePatch,
    base: Option<&Cursor>,
    is_repeated: bool,
) -> Cursor {
    let knows_text = match (&patch.source, &patch.headline) {
        (Some(_), Some(_)) => !patch.changes_text_of(current),
        (None, None) => check_base(entry, current, base).is_ok(),
        // The part that the patch left out may have been changed after the first request.
        _ => !is_repeated,
    };
    if knows_text {
        current.base(entry.epoch)
    } else {
        Cursor::NO_TEXT
    }
}

/// Checks whether a text based on `base` may replace the current one. Without a base it may.
///
/// # Errors
/// Returns [`Error::Conflict`] without differences, which
/// [`compared`](Newsroom::compared) adds.
pub fn check_base(entry: &Entry, current: &EditableUpdate, base: Option<&Cursor>) -> Result<()> {
    let Some(reason) = conflict_reason(entry, current.text_rev, base) else {
        return Ok(());
    };
    let update = &current.update;
    let editor = current.edited_by.as_ref().map(|editor| &editor.username);
    let edited_by = match update.edited_at {
        Some(_) => editor,
        None => Some(&update.author),
    };
    Err(Error::Conflict(Box::new(EditConflict {
        reason,
        source: current.source.clone(),
        headline: current.headline().to_owned(),
        base: current.base(entry.epoch),
        edited_by: edited_by.map(ToString::to_string),
        edited_at: update.edited_at.unwrap_or(update.posted_at),
        source_diff: Vec::new(),
        headline_diff: Vec::new(),
    })))
}

/// Returns why a text of `entry` based on `base` conflicts with the current one, whose last change
/// is at `text_rev`. Without a base it doesn't.
pub fn conflict_reason(
    entry: &Entry,
    text_rev: Rev,
    base: Option<&Cursor>,
) -> Option<ConflictReason> {
    let base = base?;
    if base.rev == Cursor::NO_TEXT.rev {
        Some(ConflictReason::UnknownBase)
    } else if base.epoch != entry.epoch {
        Some(ConflictReason::OtherEpoch)
    } else if base.rev > entry.head {
        Some(ConflictReason::Future)
    } else {
        (base.rev < text_rev).then_some(ConflictReason::Changed)
    }
}

impl Newsroom {
    /// Adds to a conflict how the submitted text differs from the current one; `None` for a part
    /// that was not submitted. Returns other errors unchanged. Called after the transaction, since
    /// it takes processor time.
    pub(crate) async fn compared(
        &self,
        error: Error,
        source: Option<&str>,
        headline: Option<&str>,
    ) -> Error {
        let Error::Conflict(mut conflict) = error else {
            return error;
        };
        let old = (conflict.source.clone(), conflict.headline.clone());
        let new = (
            source.unwrap_or(&old.0).to_owned(),
            headline.unwrap_or(&old.1).to_owned(),
        );
        let compare = move || (word_diff(&old.0, &new.0), word_diff(&old.1, &new.1));
        // If the server is too busy, both texts are shown without their differences.
        if let Ok((source_diff, headline_diff)) = self.rendering.run(compare).await {
            conflict.source_diff = source_diff;
            conflict.headline_diff = headline_diff;
        }
        Error::Conflict(conflict)
    }
}
