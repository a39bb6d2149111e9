//! The rules of all rooms: their state, and the word filter.

use domain::{Caller, FilteredWord, Invalid, LogAction, LogId, RoomState, Timestamp};

use crate::{
    Error, Result,
    model::{moderation::NewLogEntry, word_filter::folded_words},
    storage::Revision,
};

/// The maximum number of filtered words and phrases.
pub const MAX_WORDS: usize = 1_000;

/// Sets the state that no room exceeds.
pub async fn set_state(
    revision: &mut Revision,
    caller: &Caller,
    state: RoomState,
    now: Timestamp,
) -> Result<LogId> {
    if revision.snapshot().all_rooms().await?.state != state {
        revision.set_all_rooms(state).await?;
    }
    let entry = entry(LogAction::SetAllRooms, state.to_string());
    revision.add_log_entry(caller, &entry, now).await
}

/// Replaces the filtered words.
pub async fn set_words(
    revision: &mut Revision,
    caller: &Caller,
    words: &[FilteredWord],
    now: Timestamp,
) -> Result<LogId> {
    if words.len() > MAX_WORDS {
        return Err(Error::Invalid(Invalid::new(
            "words",
            format!(
                "The word filter has {} words; the maximum is {MAX_WORDS}.",
                words.len()
            ),
        )));
    }
    let mut folded = Vec::new();
    for word in words {
        let parts = folded_words(word.as_str());
        if parts.is_empty() {
            return Err(Error::Invalid(Invalid::new(
                "words",
                format!("“{word}” contains no letters or digits."),
            )));
        }
        folded.push((word.clone(), parts.join(" ")));
    }
    revision.set_filtered_words(&folded, now).await?;
    let entry = entry(LogAction::ChangeWords, format!("{} words", words.len()));
    revision.add_log_entry(caller, &entry, now).await
}

fn entry(action: LogAction, detail: String) -> NewLogEntry {
    NewLogEntry {
        detail,
        ..NewLogEntry::new(action)
    }
}
