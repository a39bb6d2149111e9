//! Use cases of rooms: sending messages.

use domain::{Caller, Invalid, Nick, RoomName, RoomState, Timestamp};

use super::{
    managing::check_room_limit,
    nicks::{Proof, check_nick, current_claim},
    visibility::visible_room,
};
use crate::{
    Error, Newsroom, Result,
    model::{
        nick::folded,
        room::{GuestId, Message, NewMessage, PersonId, Room, SentMessage, Visitor},
    },
    storage::{Counter, MessageToStore, NickClaim, Revision, Snapshot},
    writes::{idempotency::request_hash, write::Write},
};

impl Newsroom {
    /// Sends a message. The message and its place in the room's feed are one transaction. A request
    /// that repeats an operation id returns the first result, and sends nothing.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the visitor can see no such room, [`Error::Forbidden`] if it
    /// is read-only or closed or too many names are in use, [`Error::NickTaken`] if the name
    /// belongs to somebody else, [`Error::Invalid`] if there is no name,
    /// [`Error::IdempotencyConflict`] if the operation id was used for a different message, and an
    /// error if the database can't be reached.
    pub async fn post_message(
        &self,
        room: RoomName,
        visitor: &Visitor,
        new: &NewMessage,
    ) -> Result<SentMessage> {
        let username = visitor
            .caller
            .as_ref()
            .map(|caller| Nick::from_stored(caller.username.to_string()));
        let Some(nick) = new.from.clone().or(username) else {
            return Err(Error::Invalid(Invalid::new("from", "The name is missing.")));
        };
        let proof = Proof {
            account: visitor.caller.as_ref().map(|caller| caller.id),
            guest: visitor.guest.clone(),
            origin: self.origin_of(visitor.address).await?,
            new_guest: GuestId::random(),
        };
        let parts = [room.as_str(), nick.as_str(), new.text.as_str()].map(str::to_owned);
        self.write(PostMessage {
            room,
            caller: visitor.caller.clone(),
            folded: folded(nick.as_str()),
            hash: request_hash(&parts),
            proof,
            nick,
            new: new.clone(),
            open_rooms: self.open_rooms,
        })
        .await
    }
}

/// A message to send, if its room accepts it.
#[derive(Debug)]
struct PostMessage {
    room: RoomName,
    caller: Option<Caller>,
    proof: Proof,
    nick: Nick,
    /// The name in the form in which look-alikes are equal.
    folded: String,
    new: NewMessage,
    /// The SHA-256 of the request.
    hash: Vec<u8>,
    open_rooms: bool,
}

impl Write for PostMessage {
    type Output = SentMessage;

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<SentMessage> {
        let snapshot = revision.snapshot();
        let caller = self.caller.as_ref();
        let (room, state) = visible_room(snapshot, self.room, caller, self.open_rooms).await?;
        let claim = current_claim(snapshot, room.id, &self.folded, now).await?;
        let person = self.proof.person(claim.as_ref());
        if let Some(sent) = self.earlier(snapshot, &person, claim.as_ref()).await? {
            return Ok(sent);
        }
        check_message(&room, state)?;
        let is_claimed =
            check_nick(snapshot, room.id, &self.folded, &person, claim.as_ref()).await?;
        let room = if let Some(id) = room.id {
            id
        } else {
            check_room_limit(snapshot).await?;
            revision
                .add_room(room.name, Some(&room.title), None, room.setting, now)
                .await?
        };
        if is_claimed {
            let claim = self.proof.claim(person.clone(), claim.as_ref(), now);
            revision
                .store_nick_claim(room, &self.folded, &claim)
                .await?;
        }
        let message = revision
            .add_message(&MessageToStore {
                room,
                author: &person,
                nick: &self.nick,
                text: &self.new.text,
                sent_at: now,
                operation: self.new.op_id.as_ref().map(|id| (id, &*self.hash)),
            })
            .await?;
        Ok(sent(message, person))
    }
}

impl PostMessage {
    /// Returns the message that an earlier request with the same operation id sent. Its guest may
    /// not have received the cookie, and may have another address by now: then the operation id,
    /// which nobody else knows, is sufficient.
    async fn earlier(
        &self,
        snapshot: &mut Snapshot,
        person: &PersonId,
        claim: Option<&NickClaim>,
    ) -> Result<Option<SentMessage>> {
        let Some(op_id) = &self.new.op_id else {
            return Ok(None);
        };
        if let Some((message, hash)) = snapshot.message_of_operation(person, op_id).await? {
            if hash != self.hash {
                return Err(Error::IdempotencyConflict);
            }
            return Ok(Some(self.repeated(message, person.clone())));
        }
        let is_known = self.proof.account.is_some() || self.proof.guest.is_some();
        let Some(NickClaim { person, .. }) = claim.filter(|_| !is_known) else {
            return Ok(None);
        };
        let earlier = snapshot.message_of_operation(person, op_id).await?;
        let earlier = earlier.filter(|(_, hash)| *hash == self.hash);
        Ok(earlier.map(|(message, _)| self.repeated(message, person.clone())))
    }

    /// Returns the result again. The text may have been erased since.
    fn repeated(&self, message: Message, person: PersonId) -> SentMessage {
        let text = self.new.text.clone();
        sent(Message { text, ..message }, person)
    }
}

fn sent(message: Message, person: PersonId) -> SentMessage {
    let guest = match person {
        PersonId::Guest(guest) => Some(guest),
        PersonId::Account(_) => None,
    };
    SentMessage { message, guest }
}

/// Checks whether a room accepts a message. Everything that may refuse or hold one belongs here.
fn check_message(_: &Room, state: RoomState) -> Result<()> {
    match state {
        RoomState::Open => Ok(()),
        RoomState::ReadOnly => Err(Error::Forbidden(
            "This room is read-only at the moment. Your message was not sent.",
        )),
        RoomState::Closed => Err(Error::Forbidden(
            "This room is closed. Your message was not sent.",
        )),
    }
}
