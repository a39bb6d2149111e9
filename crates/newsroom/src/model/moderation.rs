//! The moderation of rooms: the queue, sanctions, and the log.

use domain::{
    AccountId, HeldId, HoldReason, LogAction, LogId, MessageId, MessageText, Nick, OpId, Reach,
    Reason, RoomId, RoomName, SanctionId, SanctionKind, SanctionLength, Timestamp,
};

use super::room::{GuestId, Message, Origin, PersonId, Room};

/// Where the message of a person is: in a room, or held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeratedMessage {
    /// In a room.
    Sent(MessageId),
    /// Held for a moderator.
    Held(HeldId),
}

/// Whether a held message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// It waits for a moderator.
    Waiting,
    /// It was published.
    Approved,
    /// It was rejected.
    Rejected,
}

impl HeldState {
    /// Returns the word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl std::str::FromStr for HeldState {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Waiting, Self::Approved, Self::Rejected]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(())
    }
}

/// A message that is held for a moderator, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMessage {
    /// Its id, which is not that of a message.
    pub id: HeldId,
    /// The room.
    pub room_id: RoomId,
    /// The person who wrote it.
    pub author: PersonId,
    /// Where it came from.
    pub origin: Origin,
    /// The name under which it was written.
    pub nick: Nick,
    /// The text; empty once it was erased.
    pub text: MessageText,
    /// Why it is held.
    pub reason: HoldReason,
    /// Whether it waits.
    pub state: HeldState,
    /// When it was sent.
    pub held_at: Timestamp,
    /// The last message of all rooms at that time.
    pub after: MessageId,
    /// The operation id, and the hash of its request.
    pub operation: Option<(OpId, Vec<u8>)>,
}

/// A message in the queue, with the messages around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueItem {
    /// The room.
    pub room: Room,
    /// The message, or its place in the queue of held ones.
    pub message: ModeratedMessage,
    /// The name under which it was written.
    pub nick: Nick,
    /// Whether an account wrote it.
    pub is_account: bool,
    /// The text.
    pub text: MessageText,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Why it is held, if it is.
    pub held: Option<HoldReason>,
    /// Its open reports.
    pub reports: Vec<Report>,
    /// The messages before it, the oldest first.
    pub before: Vec<Message>,
    /// The messages after it.
    pub after: Vec<Message>,
}

/// A report of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When it was reported.
    pub at: Timestamp,
    /// Why; may be empty.
    pub reason: Reason,
}

/// A page of the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The held messages that wait the longest.
    pub held: Vec<QueueItem>,
    /// The number of all that wait, up to 1,000.
    pub waiting: i64,
    /// The messages that were reported first.
    pub reported: Vec<QueueItem>,
}

/// A mute or a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sanction {
    /// Its id.
    pub id: SanctionId,
    /// Its kind.
    pub kind: SanctionKind,
    /// The room of a mute.
    pub room: Option<RoomName>,
    /// The name of the person when it began.
    pub nick: Nick,
    /// Whom it applies to.
    pub reach: Reach,
    /// The account, if the person has one.
    pub account: Option<AccountId>,
    /// Why.
    pub reason: Reason,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// Whom a sanction applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SanctionTarget {
    /// An account.
    pub account: Option<AccountId>,
    /// A reader without an account.
    pub guest: Option<GuestId>,
    /// All readers without an account at this address.
    pub address: Option<String>,
    /// All readers without an account in this network.
    pub network: Option<String>,
}

/// A sanction of the person who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSanction {
    /// Its kind. A mute is one of the room of the message.
    pub kind: SanctionKind,
    /// How long it lasts.
    pub length: SanctionLength,
    /// Whom it applies to.
    pub reach: Reach,
    /// Why. The person reads it.
    pub reason: Reason,
}

/// An entry of the moderation log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its id.
    pub id: LogId,
    /// When it was done.
    pub at: Timestamp,
    /// The username of the moderator at that time.
    pub by: String,
    /// What was done.
    pub action: LogAction,
    /// The name of the room; `None` for all rooms.
    pub room: Option<String>,
    /// The message.
    pub message: Option<MessageId>,
    /// The name under which the person wrote.
    pub nick: Option<String>,
    /// Why.
    pub reason: Reason,
    /// What else was decided.
    pub detail: String,
}

/// What is added to the log.
#[derive(Clone, Debug)]
pub struct NewLogEntry {
    /// What was done.
    pub action: LogAction,
    /// The room; `None` for all rooms.
    pub room: Option<RoomName>,
    /// The message.
    pub message: Option<MessageId>,
    /// The name under which the person wrote.
    pub nick: Option<Nick>,
    /// Why.
    pub reason: Reason,
    /// What else was decided.
    pub detail: String,
}

impl NewLogEntry {
    /// Returns an entry about all rooms, about no message, and without a reason.
    pub fn new(action: LogAction) -> Self {
        Self {
            action,
            room: None,
            message: None,
            nick: None,
            reason: Reason::from_stored(String::new()),
            detail: String::new(),
        }
    }
}
