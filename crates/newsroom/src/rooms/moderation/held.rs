//! Approving and rejecting held messages.

use domain::{Caller, ChatSetting, HeldId, LogAction, LogId, Reason, RoomState, Timestamp};

use super::subject::{Subject, load_held};
use crate::{
    Error, Result,
    model::moderation::{HeldMessage, HeldState, NewLogEntry},
    storage::{MessageToStore, Revision, Snapshot},
};

/// Publishes a held message, with the time, the id and the revision of now.
pub async fn approve(
    revision: &mut Revision,
    caller: &Caller,
    id: HeldId,
    now: Timestamp,
) -> Result<LogId> {
    let (held, subject) = waiting(revision.snapshot(), id).await?;
    let room = &subject.room;
    if room.setting == ChatSetting::Off
        || room.all.state == RoomState::Closed
        || room.setting == ChatSetting::Closed
    {
        return Err(Error::Forbidden(
            "This room is closed. Open it before you approve messages.",
        ));
    }
    let message = revision
        .add_message(&MessageToStore {
            room: held.room_id,
            author: &held.author,
            nick: &held.nick,
            text: &held.text,
            sent_at: now,
            origin: &held.origin,
            operation: held.operation.as_ref().map(|(id, hash)| (id, &**hash)),
        })
        .await?;
    revision
        .decide_held_message(id, HeldState::Approved, now)
        .await?;
    let entry = NewLogEntry {
        message: Some(message.id),
        ..subject.log_entry(LogAction::Approve, &Reason::from_stored(String::new()))
    };
    revision.add_log_entry(caller, &entry, now).await
}

/// Rejects a held message.
pub async fn reject(
    revision: &mut Revision,
    caller: &Caller,
    id: HeldId,
    reason: &Reason,
    now: Timestamp,
) -> Result<LogId> {
    let (_, subject) = waiting(revision.snapshot(), id).await?;
    revision
        .decide_held_message(id, HeldState::Rejected, now)
        .await?;
    let entry = subject.log_entry(LogAction::Reject, reason);
    revision.add_log_entry(caller, &entry, now).await
}

/// Returns a message that waits for a moderator.
async fn waiting(snapshot: &mut Snapshot, id: HeldId) -> Result<(HeldMessage, Subject)> {
    let held = load_held(snapshot, id).await?;
    let subject = Subject::of_held(snapshot, &held).await?;
    match held.state {
        HeldState::Waiting => Ok((held, subject)),
        HeldState::Approved => Err(Error::Forbidden(
            "This message was approved by another moderator.",
        )),
        HeldState::Rejected => Err(Error::Forbidden(
            "This message was rejected by another moderator.",
        )),
    }
}
