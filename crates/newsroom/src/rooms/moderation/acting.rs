//! Use cases of moderation: what moderators do.

use domain::{
    Caller, FilteredWord, HeldId, LogId, MessageId, OpId, Reason, RoomState, SanctionId, Timestamp,
};

use super::{all_rooms, held, removing, sanctioning};
use crate::{
    Error, Newsroom, Result,
    model::moderation::{ModeratedMessage, NewSanction},
    permissions::check_may_moderate,
    storage::{Counter, Outcome, Revision, Snapshot},
    writes::idempotency::IdempotentWrite,
};

/// An action of a moderator.
#[derive(Clone, Debug)]
pub enum ModerationAction {
    /// Publish a held message, as if it was sent now.
    Approve(HeldId),
    /// Reject a held message.
    Reject(HeldId, Reason),
    /// Delete a message for all. It can be restored for ten minutes.
    Delete(MessageId, Reason),
    /// Dismiss the reports of a message.
    Dismiss(MessageId),
    /// Delete all messages of the person who wrote one, and reject those that are held. Can be
    /// undone for ten minutes.
    RemoveAll {
        /// The message.
        message: ModeratedMessage,
        /// Whether those of all rooms are deleted, rather than those of the message's room.
        everywhere: bool,
        /// Why.
        reason: Reason,
    },
    /// Undo the removal that is this entry of the log.
    UndoRemoveAll(LogId),
    /// Mute or ban the person who wrote a message.
    Sanction(ModeratedMessage, NewSanction),
    /// End a mute or a ban.
    EndSanction(SanctionId),
    /// Set the state that no room exceeds.
    SetAllRooms(RoomState),
    /// Replace the words and phrases that hold a message.
    SetWords(Vec<FilteredWord>),
}

impl Newsroom {
    /// Does what a moderator decides, in one transaction with its entry of the log, whose id is
    /// returned. A request that repeats an `op_id` returns the first one, and changes nothing.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, or the action is about somebody
    /// of their rank or a higher one, or comes too late; [`Error::NotFound`] if there is no such
    /// message, sanction or entry; [`Error::Invalid`] if there are too many words;
    /// [`Error::IdempotencyConflict`] if the `op_id` was used for a different request; and an error
    /// if the database can't be reached.
    pub async fn moderate(
        &self,
        caller: &Caller,
        op_id: Option<&OpId>,
        action: ModerationAction,
    ) -> Result<LogId> {
        check_may_moderate(caller)?;
        self.write(Moderate {
            caller: caller.clone(),
            op_id: op_id.cloned(),
            action,
        })
        .await
    }
}

/// The write of [`Newsroom::moderate`].
#[derive(Debug)]
struct Moderate {
    caller: Caller,
    op_id: Option<OpId>,
    action: ModerationAction,
}

impl IdempotentWrite for Moderate {
    type Target = ();
    type Output = LogId;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn op_id(&self) -> Option<&OpId> {
        self.op_id.as_ref()
    }

    async fn target(&self, _: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    fn parts(&self, (): &()) -> Vec<String> {
        let parts = match &self.action {
            ModerationAction::Approve(id) => vec!["approve".to_owned(), id.to_string()],
            ModerationAction::Reject(id, reason) => {
                vec!["reject".to_owned(), id.to_string(), reason.to_string()]
            }
            ModerationAction::Delete(id, reason) => {
                vec!["delete".to_owned(), id.to_string(), reason.to_string()]
            }
            ModerationAction::Dismiss(id) => vec!["dismiss".to_owned(), id.to_string()],
            ModerationAction::RemoveAll {
                message,
                everywhere,
                reason,
            } => vec![
                "remove-all".to_owned(),
                spelled(*message),
                everywhere.to_string(),
                reason.to_string(),
            ],
            ModerationAction::UndoRemoveAll(id) => vec!["undo".to_owned(), id.to_string()],
            ModerationAction::Sanction(message, new) => vec![
                new.kind.to_string(),
                spelled(*message),
                new.length.minutes().to_string(),
                new.reach.to_string(),
                new.reason.to_string(),
            ],
            ModerationAction::EndSanction(id) => vec!["end-sanction".to_owned(), id.to_string()],
            ModerationAction::SetAllRooms(state) => {
                vec!["all-rooms".to_owned(), state.to_string()]
            }
            ModerationAction::SetWords(words) => {
                let words = words.iter().map(FilteredWord::to_string);
                ["words".to_owned()].into_iter().chain(words).collect()
            }
        };
        ["moderate".to_owned()].into_iter().chain(parts).collect()
    }

    async fn repeat(&self, _: &mut Snapshot, (): (), outcome: Outcome) -> Result<LogId> {
        match outcome {
            Outcome::Moderated(id) => Ok(id),
            _ => Err(Error::IdempotencyConflict),
        }
    }

    async fn change(
        &self,
        revision: &mut Revision,
        (): (),
        now: Timestamp,
    ) -> Result<(Outcome, LogId)> {
        let caller = &self.caller;
        let id = match &self.action {
            ModerationAction::Approve(id) => held::approve(revision, caller, *id, now).await,
            ModerationAction::Reject(id, reason) => {
                held::reject(revision, caller, *id, reason, now).await
            }
            ModerationAction::Delete(id, reason) => {
                removing::delete(revision, caller, *id, reason, now).await
            }
            ModerationAction::Dismiss(id) => removing::dismiss(revision, caller, *id, now).await,
            ModerationAction::RemoveAll {
                message,
                everywhere,
                reason,
            } => {
                let what = (*message, *everywhere, reason);
                removing::remove_all(revision, caller, what, now).await
            }
            ModerationAction::UndoRemoveAll(id) => removing::undo(revision, caller, *id, now).await,
            ModerationAction::Sanction(message, new) => {
                sanctioning::sanction(revision, caller, *message, new, now).await
            }
            ModerationAction::EndSanction(id) => sanctioning::end(revision, caller, *id, now).await,
            ModerationAction::SetAllRooms(state) => {
                all_rooms::set_state(revision, caller, *state, now).await
            }
            ModerationAction::SetWords(words) => {
                all_rooms::set_words(revision, caller, words, now).await
            }
        }?;
        Ok((Outcome::Moderated(id), id))
    }
}

fn spelled(message: ModeratedMessage) -> String {
    match message {
        ModeratedMessage::Sent(id) => format!("message {id}"),
        ModeratedMessage::Held(id) => format!("held {id}"),
    }
}
