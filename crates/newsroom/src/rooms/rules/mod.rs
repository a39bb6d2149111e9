//! What may refuse or hold a message: the state of its room, sanctions, limits, and the word
//! filter.
//!
//! - `sanctions`: mutes and bans.
//! - `limits`: token buckets and slow mode.
//! - `holding`: which messages wait for a moderator.
//! - `word_cache`: the word filter in memory; `sender`: who sends a message.

pub mod holding;
pub mod limits;
pub mod sanctions;
pub mod sender;
pub mod word_cache;

use domain::{HoldReason, MessageText, Nick, RoomState, Timestamp};

use self::{
    holding::check_hold,
    limits::{Tokens, take_tokens},
    sanctions::check_sanctions,
    sender::Sender,
    word_cache::WordCache,
};
use crate::{
    Error, Result,
    model::{limit::MessageLimits, room::Room},
    storage::Snapshot,
};

/// A message that its room accepts.
#[derive(Debug)]
pub struct Accepted {
    /// Why it is held; `None` if it is published.
    pub hold: Option<HoldReason>,
    /// The tokens that it takes, to be stored with it.
    pub tokens: Tokens,
}

/// Checks whether a room accepts a message at `now`. Everything that may refuse or hold one is
/// here. Limits come last, so that a message that is refused for another reason takes no token.
///
/// # Errors
/// Returns [`Error::Forbidden`] if nobody may write, [`Error::Sanctioned`] if the person may not,
/// [`Error::Limited`] if a limit is reached, and an error if the database can't be reached.
pub async fn check_message(
    snapshot: &mut Snapshot,
    (room, state): (&Room, RoomState),
    sender: Sender<'_>,
    message: (&Nick, &MessageText),
    (limits, words): (&MessageLimits, &WordCache),
    now: Timestamp,
) -> Result<Accepted> {
    check_may_write(snapshot, (room, state), sender, now).await?;
    if sender.is_staff() {
        return Ok(Accepted {
            hold: None,
            tokens: Tokens::default(),
        });
    }
    let hold = check_hold(snapshot, room, sender.person, message, words).await?;
    let tokens = take_tokens(snapshot, room, sender, limits, now).await?;
    Ok(Accepted { hold, tokens })
}

/// Checks whether a person may write in a room.
///
/// # Errors
/// Returns [`Error::Forbidden`] if nobody may, [`Error::Sanctioned`] if the person may not, and an
/// error if the database can't be reached.
pub async fn check_may_write(
    snapshot: &mut Snapshot,
    (room, state): (&Room, RoomState),
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<()> {
    match state {
        RoomState::Open => check_sanctions(snapshot, Some(room), sender, now).await,
        RoomState::ReadOnly => Err(Error::Forbidden(
            "This room is read-only at the moment. Your message was not sent.",
        )),
        RoomState::Closed => Err(Error::Forbidden(
            "This room is closed. Your message was not sent.",
        )),
    }
}
