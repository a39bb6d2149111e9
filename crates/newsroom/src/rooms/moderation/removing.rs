//! Deleting messages for all, one by one or all of a person; and dismissing reports.

use domain::{Caller, LogAction, LogId, MessageId, Reason, Timestamp};

use super::subject::{Subject, load_message};
use crate::{
    Error, Result, UNDO_WINDOW,
    model::{
        moderation::{ModeratedMessage, NewLogEntry},
        room::PersonId,
    },
    permissions::check_may_undo,
    storage::Revision,
};

/// The maximum number of messages that one action removes.
const MAX_REMOVED: u64 = 10_000;

/// Deletes a message.
pub async fn delete(
    revision: &mut Revision,
    caller: &Caller,
    id: MessageId,
    reason: &Reason,
    now: Timestamp,
) -> Result<LogId> {
    let snapshot = revision.snapshot();
    let subject = Subject::load(snapshot, ModeratedMessage::Sent(id)).await?;
    let message = load_message(snapshot, id).await?;
    if message.deleted_at.is_some() {
        return Err(Error::NotFound("message"));
    }
    let deleted = Some((now, Some(caller.id)));
    revision.set_message_deleted(&message, deleted).await?;
    let entry = subject.log_entry(LogAction::Delete, reason);
    revision.add_log_entry(caller, &entry, now).await
}

/// Closes the reports of a message.
pub async fn dismiss(
    revision: &mut Revision,
    caller: &Caller,
    id: MessageId,
    now: Timestamp,
) -> Result<LogId> {
    let subject = Subject::load(revision.snapshot(), ModeratedMessage::Sent(id)).await?;
    revision.close_reports(id, now).await?;
    let entry = subject.log_entry(LogAction::Dismiss, &Reason::from_stored(String::new()));
    revision.add_log_entry(caller, &entry, now).await
}

/// Deletes all messages of the person who wrote one, in its room or everywhere.
pub async fn remove_all(
    revision: &mut Revision,
    caller: &Caller,
    (message, everywhere, reason): (ModeratedMessage, bool, &Reason),
    now: Timestamp,
) -> Result<LogId> {
    let snapshot = revision.snapshot();
    let subject = Subject::load(snapshot, message).await?;
    let author = subject.author_below(snapshot, caller).await?;
    let room = subject.room.id.filter(|_| !everywhere);
    let entry = subject.log_entry(LogAction::RemoveAll, reason);
    let entry = NewLogEntry {
        room: entry.room.filter(|_| !everywhere),
        ..entry
    };
    // The messages name the entry, so it is added first.
    let removal = revision.add_log_entry(caller, &entry, now).await?;
    let by = (now, caller.id);
    revision
        .remove_messages_of(&author, room, removal, by, MAX_REMOVED)
        .await?;
    revision
        .reject_held_messages_of(&author, room, removal, now)
        .await?;
    Ok(removal)
}

/// Undoes the deletion of a message, or of all messages of a person.
pub async fn undo(
    revision: &mut Revision,
    caller: &Caller,
    id: LogId,
    now: Timestamp,
) -> Result<LogId> {
    let removal = revision.snapshot().log_entry(id).await?;
    let removal =
        removal.filter(|entry| matches!(entry.action, LogAction::RemoveAll | LogAction::Delete));
    let removal = removal.ok_or(Error::NotFound("removal"))?;
    if removal.at < now.plus_micros(-UNDO_WINDOW) {
        return Err(Error::Forbidden(
            "These messages were removed more than ten minutes ago and can't be restored.",
        ));
    }
    if removal.action == LogAction::Delete {
        let message = removal.message.ok_or(Error::NotFound("message"))?;
        return restore(revision, caller, message, now).await;
    }
    if let Some(by) = revision.snapshot().remover_of(id, caller.id).await? {
        check_may_undo(revision.snapshot(), caller, by).await?;
    }
    revision.restore_removed_messages(id).await?;
    revision.restore_held_messages(id).await?;
    let entry = NewLogEntry {
        room: removal.room.and_then(|room| room.parse().ok()),
        message: removal.message,
        nick: removal.nick.map(domain::Nick::from_stored),
        ..NewLogEntry::new(LogAction::UndoRemoveAll)
    };
    revision.add_log_entry(caller, &entry, now).await
}

/// Restores a message that was deleted.
async fn restore(
    revision: &mut Revision,
    caller: &Caller,
    id: MessageId,
    now: Timestamp,
) -> Result<LogId> {
    let snapshot = revision.snapshot();
    let subject = Subject::load(snapshot, ModeratedMessage::Sent(id)).await?;
    let message = load_message(snapshot, id).await?;
    if message.deleted_at.is_none() || message.text.as_str().is_empty() {
        return Err(Error::Forbidden(
            "This message was restored already, or it can't be restored.",
        ));
    }
    if let Some(by) = message.deleted_by
        && message.author == Some(PersonId::Account(caller.id))
    {
        check_may_undo(snapshot, caller, by).await?;
    }
    revision.set_message_deleted(&message, None).await?;
    let entry = subject.log_entry(LogAction::Restore, &Reason::from_stored(String::new()));
    revision.add_log_entry(caller, &entry, now).await
}
