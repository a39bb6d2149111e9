//! Which messages wait for a moderator.

use domain::{Hold, HoldReason, MessageText, Nick};

use super::word_cache::WordCache;
use crate::{
    Error, Result,
    model::room::{PersonId, Room},
    storage::Snapshot,
};

/// The maximum number of messages of a person that wait.
const MAX_PER_PERSON: i64 = 20;
/// The maximum number of messages that wait.
const MAX_WAITING: i64 = 10_000;
/// How long a person waits before the next attempt if there are too many, in seconds.
const RETRY: u16 = 60;

/// Returns why a message is held, because of its text or its name; `None` if it is published.
///
/// # Errors
/// Returns [`Error::Limited`] if too many messages wait, and an error if the database can't be
/// reached.
pub async fn check_hold(
    snapshot: &mut Snapshot,
    room: &Room,
    person: &PersonId,
    (nick, text): (&Nick, &MessageText),
    words: &WordCache,
) -> Result<Option<HoldReason>> {
    let reason = match room.rules.hold {
        Hold::All => Some(HoldReason::Room),
        Hold::NewGuests if is_new(snapshot, room, person).await? => Some(HoldReason::NewGuest),
        Hold::NewGuests | Hold::Nothing => {
            let filter = words.current(snapshot, room.all.words_version).await?;
            let matches = filter.matches(text.as_str()) || filter.matches(nick.as_str());
            matches.then_some(HoldReason::Words)
        }
    };
    if reason.is_some() {
        let (all, own) = snapshot.count_waiting(Some(person), MAX_WAITING).await?;
        let sentence = if own >= MAX_PER_PERSON {
            "20 of your messages wait for a moderator, the maximum. Try again later."
        } else if all >= MAX_WAITING {
            "Too many messages wait for a moderator. Try again later."
        } else {
            return Ok(reason);
        };
        return Err(Error::Limited {
            sentence: sentence.to_owned(),
            seconds: RETRY,
        });
    }
    Ok(None)
}

/// Returns whether a person has no account, and the room has no message of them.
async fn is_new(snapshot: &mut Snapshot, room: &Room, person: &PersonId) -> Result<bool> {
    let PersonId::Guest(guest) = person else {
        return Ok(false);
    };
    match room.id {
        Some(room) => Ok(!snapshot.has_message_of(room, guest).await?),
        None => Ok(true),
    }
}
