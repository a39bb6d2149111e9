//! Parses what a moderator does with a message, for the forms and for the API.

use domain::{Invalid, Reason, SanctionLength};
use newsroom::{Error, ModeratedMessage, ModerationAction, NewSanction};

/// What was submitted about a message.
#[derive(Clone, Copy, Debug)]
pub struct SubmittedAction<'a> {
    /// `approve`, `reject`, `delete`, `dismiss`, `remove_in_room`, `remove_everywhere`, `mute` or
    /// `ban`.
    pub action: &'a str,
    /// Why; may be empty.
    pub reason: &'a str,
    /// How many minutes a sanction lasts.
    pub minutes: &'a str,
    /// Whom a sanction applies to.
    pub reach: &'a str,
}

impl SubmittedAction<'_> {
    /// Returns the action on `message`.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`] if there is no such action for it, or another value is invalid.
    pub fn parse(self, message: ModeratedMessage) -> Result<ModerationAction, Error> {
        let reason = Reason::parse(self.reason)?;
        let remove_all = |everywhere, reason| ModerationAction::RemoveAll {
            message,
            everywhere,
            reason,
        };
        Ok(match (self.action, message) {
            ("approve", ModeratedMessage::Held(id)) => ModerationAction::Approve(id),
            ("reject", ModeratedMessage::Held(id)) => ModerationAction::Reject(id, reason),
            ("delete", ModeratedMessage::Sent(id)) => ModerationAction::Delete(id, reason),
            ("dismiss", ModeratedMessage::Sent(id)) => ModerationAction::Dismiss(id),
            ("remove_in_room", _) => remove_all(false, reason),
            ("remove_everywhere", _) => remove_all(true, reason),
            (kind @ ("mute" | "ban"), _) => {
                let sanction = NewSanction {
                    kind: kind.parse()?,
                    length: SanctionLength::parse(self.minutes)?,
                    reach: self.reach.parse()?,
                    reason,
                };
                ModerationAction::Sanction(message, sanction)
            }
            _ => {
                let sentence = "This action is unknown, or not possible for this message.";
                return Err(Invalid::new("action", sentence).into());
            }
        })
    }
}
