//! Rooms, in which readers chat, and their messages.

use std::net::IpAddr;

use domain::{
    AccountId, Caller, ChatMessage, ChatSetting, Cursor, EntryId, Epoch, FeedId, Invalid,
    MessageId, MessageText, Nick, OpId, Rev, RoomId, RoomName, RoomState, Slug, Timestamp, Title,
    ZoneName,
};

use super::{
    limit::Allowance,
    room_rules::{AllRooms, RoomRules},
    zone,
};

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The epoch of its revisions.
    pub epoch: Epoch,
    /// Its id; `None` for a room that the first message creates.
    pub id: Option<RoomId>,
    /// Its name.
    pub name: RoomName,
    /// Its title; that of its entry, if it belongs to one.
    pub title: Title,
    /// The entry to which it belongs.
    pub entry: Option<RoomEntry>,
    /// Its own state, or that it is hidden.
    pub setting: ChatSetting,
    /// How its messages are moderated.
    pub rules: RoomRules,
    /// The rules of all rooms.
    pub all: AllRooms,
    /// The revision of the last change to the room itself.
    pub rev: Rev,
    /// The revision of the last change to the room or any of its messages.
    pub head: Rev,
}

/// What a room takes from its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomEntry {
    /// The entry's id.
    pub id: EntryId,
    /// The entry's slug.
    pub slug: Slug,
    /// The time zone of the entry's times.
    pub time_zone: ZoneName,
    /// Whether readers can see the entry.
    pub is_public: bool,
}

impl Room {
    /// Returns a room that is not in the database: the first message creates it.
    pub(crate) fn unused(epoch: Epoch, name: RoomName, all: AllRooms) -> Self {
        Self {
            epoch,
            id: None,
            name,
            title: Title::from_stored(name.to_string()),
            entry: None,
            setting: ChatSetting::Open,
            rules: RoomRules::NONE,
            all,
            rev: 0,
            head: 0,
        }
    }

    /// Returns the state that readers see; `None` if the room is hidden from them.
    pub fn public_state(&self) -> Option<RoomState> {
        let is_public = self.entry.as_ref().is_none_or(|entry| entry.is_public);
        self.state().filter(|_| is_public)
    }

    /// Returns the state that `caller` sees; `None` if the room is hidden. Accounts that may use
    /// the desk see the rooms of drafts, too.
    pub fn state_for(&self, caller: Option<&Caller>) -> Option<RoomState> {
        if caller.is_some_and(|caller| caller.role.may_post()) {
            self.state()
        } else {
            self.public_state()
        }
    }

    /// Returns the stricter one of its own state and the state of all rooms; `None` if it is off.
    fn state(&self) -> Option<RoomState> {
        let own = self.setting.room_state()?;
        Some(own.stricter(self.all.state))
    }

    /// Returns the id of its feed.
    pub const fn feed(&self) -> FeedId {
        FeedId::Room(self.name)
    }

    /// Returns the time zone in which its times are displayed.
    pub fn time_zone(&self) -> ZoneName {
        let own = self.entry.as_ref().map(|entry| entry.time_zone.clone());
        own.unwrap_or_else(|| ZoneName::new_unchecked("UTC"))
    }
}

/// A message, or its tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room that contains it.
    pub room_id: RoomId,
    /// The revision of its last change.
    pub rev: Rev,
    /// The revision at which it was sent.
    pub sent_rev: Rev,
    /// The person who wrote it; `None` if their account was deleted.
    pub author: Option<PersonId>,
    /// The name under which it was written.
    pub nick: Nick,
    /// The text; empty once it was erased.
    pub text: MessageText,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// The account that deleted it; `None` for the guest who wrote it.
    pub deleted_by: Option<AccountId>,
}

impl Message {
    /// Returns the message as programs receive it.
    pub fn to_chat_message(&self) -> ChatMessage {
        ChatMessage {
            id: self.id,
            from: self.nick.to_string(),
            date: zone::rfc3339(self.sent_at),
            text: self.text.to_string(),
        }
    }
}

/// The id of a reader without an account, which a signed cookie contains.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GuestId(pub(crate) String);

impl GuestId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person who writes messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PersonId {
    /// An account.
    Account(AccountId),
    /// A reader without an account.
    Guest(GuestId),
}

/// Where a message came from, as keyed hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address (IPv6: the /64 network); empty if it is no longer known.
    pub address: String,
    /// The network: /24 of IPv4, /48 of IPv6; empty if it is no longer known.
    pub network: String,
}

impl PersonId {
    /// Returns the person who sends a request: the account that is logged in, or else the guest.
    pub fn of(caller: Option<&Caller>, guest: Option<&GuestId>) -> Option<Self> {
        let account = caller.map(|caller| Self::Account(caller.id));
        account.or_else(|| guest.cloned().map(Self::Guest))
    }
}

/// Who sends a request, as far as it proves that.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The account that is logged in.
    pub caller: Option<Caller>,
    /// The guest whose valid cookie was presented.
    pub guest: Option<GuestId>,
    /// The address of the client.
    pub address: IpAddr,
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The name of the person; `None` for the username of the account that is logged in.
    pub from: Option<Nick>,
    /// The text.
    pub text: MessageText,
    /// The operation id, under which a repeated request sends nothing.
    pub op_id: Option<OpId>,
}

/// A message that was sent, or is held for a moderator.
#[derive(Clone, Debug)]
pub struct SentMessage {
    /// The message; `None` if it is held.
    pub message: Option<Message>,
    /// What is left of the limits that apply to the person.
    pub allowances: Vec<Allowance>,
    /// The guest who sent it, whose cookie is to be set; `None` for an account.
    pub guest: Option<GuestId>,
}

/// A room to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    /// Its name.
    pub name: RoomName,
    /// Its title.
    pub title: Title,
}

impl NewRoom {
    /// Parses a room that belongs to no entry.
    ///
    /// # Errors
    /// Returns a message for the person who entered it, also if the name is reserved for entries.
    pub fn parse(name: &str, title: &str) -> Result<Self, Invalid> {
        let name = RoomName::parse(name.trim())?;
        if name.is_reserved() {
            return Err(Invalid::new(
                "name",
                "Names that begin with entry- are reserved for the chats of live blogs. Choose a different one.",
            ));
        }
        let title = Title::parse(title)?;
        Ok(Self { name, title })
    }
}

/// A part of a room's messages, read in one snapshot.
#[derive(Clone, Debug)]
pub struct RoomPage {
    /// The room.
    pub room: Room,
    /// The state that the caller sees.
    pub state: RoomState,
    /// The messages, the oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older messages.
    pub has_older: bool,
}

impl RoomPage {
    /// Returns the cursor of the room's feed at the time of reading.
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.room.epoch, self.room.head)
    }

    /// Returns the id of the last event of `/events/` at the time of reading.
    pub fn last_event_id(&self) -> String {
        format!("{}:{}", self.room.feed(), self.room.head)
    }
}
