//! Use cases of rooms: sending messages.

use domain::{Caller, Invalid, Nick, RoomName, Timestamp};

use super::{
    managing::check_room_limit,
    nicks::{Proof, check_nick, current_claim},
    rules::{check_message, limits, sender::Sender, word_cache::WordCache},
    visibility::visible_room,
};
use crate::{
    Error, Newsroom, Result,
    model::{
        limit::{Allowance, MessageLimits},
        nick::folded,
        room::{GuestId, Message, NewMessage, PersonId, SentMessage, Visitor},
    },
    storage::{Counter, MessageToStore, NickClaim, Revision, Snapshot},
    writes::{idempotency::request_hash, write::Write},
};

/// The length of an operation id that nobody can guess: that of 128 random bits in base64.
const UNGUESSABLE: usize = 22;

impl Newsroom {
    /// Sends a message, or holds it for a moderator. The message and its place in the room's feed
    /// are one transaction. A request that repeats an operation id returns the first result, and
    /// sends nothing; once a held message was approved, it returns that message.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the visitor can see no such room, [`Error::Forbidden`] if it
    /// is read-only or closed or too many names are in use, [`Error::Sanctioned`] if the person is
    /// muted or banned, [`Error::Limited`] if a limit is reached, [`Error::NickTaken`] if the name
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
            limits: self.message_limits,
            words: self.words.clone(),
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
    limits: MessageLimits,
    words: WordCache,
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
        if let Some(earlier) = self.earlier(snapshot, &person, claim.as_ref()).await? {
            let sender = self.sender(&earlier.person);
            let left = limits::allowances(snapshot, &room, sender, &self.limits, now).await?;
            let response = sent(earlier.message, earlier.person, left);
            return Ok(SentMessage {
                guest: response.guest.filter(|_| earlier.is_own),
                ..response
            });
        }
        let is_claimed =
            check_nick(snapshot, room.id, &self.folded, &person, claim.as_ref()).await?;
        let accepted = check_message(
            snapshot,
            (&room, state),
            self.sender(&person),
            (&self.nick, &self.new.text),
            (&self.limits, &self.words),
            now,
        )
        .await?;
        let room = if let Some(id) = room.id {
            id
        } else {
            check_room_limit(snapshot).await?;
            revision
                .add_room(room.name, Some(&room.title), None, room.setting, now)
                .await?
        };
        accepted.tokens.store(revision).await?;
        if is_claimed {
            let claim = self.proof.claim(person.clone(), claim.as_ref(), now);
            revision
                .store_nick_claim(room, &self.folded, &claim)
                .await?;
        }
        let message = MessageToStore {
            room,
            author: &person,
            nick: &self.nick,
            text: &self.new.text,
            sent_at: now,
            origin: &self.proof.origin,
            operation: self.new.op_id.as_ref().map(|id| (id, &*self.hash)),
        };
        let message = match accepted.hold {
            None => Some(revision.add_message(&message).await?),
            Some(reason) => {
                revision.hold_message(&message, reason).await?;
                None
            }
        };
        Ok(sent(message, person, accepted.tokens.allowances))
    }
}

/// The result of an earlier request with the same operation id.
struct Earlier {
    /// The message; `None` if it was held, and not approved.
    message: Option<Message>,
    person: PersonId,
    /// Whether the request proves that it is this person's.
    is_own: bool,
}

impl PostMessage {
    fn sender<'a>(&'a self, person: &'a PersonId) -> Sender<'a> {
        Sender {
            caller: self.caller.as_ref(),
            person,
            origin: &self.proof.origin,
        }
    }

    /// Returns what an earlier request with the same operation id sent. Its guest may not have
    /// received the cookie, and may have another address by now: then the operation id is
    /// sufficient for the response, which everybody can read; for the cookie only if nobody can
    /// guess it.
    async fn earlier(
        &self,
        snapshot: &mut Snapshot,
        person: &PersonId,
        claim: Option<&NickClaim>,
    ) -> Result<Option<Earlier>> {
        if let Some((message, hash)) = self.operation_of(snapshot, person).await? {
            if hash != self.hash {
                return Err(Error::IdempotencyConflict);
            }
            return Ok(Some(self.repeated(message, person.clone(), true)));
        }
        let is_known = self.proof.account.is_some() || self.proof.guest.is_some();
        let Some(NickClaim { person, .. }) = claim.filter(|_| !is_known) else {
            return Ok(None);
        };
        let earlier = self.operation_of(snapshot, person).await?;
        let earlier = earlier.filter(|(_, hash)| *hash == self.hash);
        let op_id = self.new.op_id.as_ref();
        let is_own = op_id.is_some_and(|id| id.as_str().len() >= UNGUESSABLE);
        Ok(earlier.map(|(message, _)| self.repeated(message, person.clone(), is_own)))
    }

    /// Returns the message that `person` sent with this operation id, `None` in its place if it is
    /// held or was rejected, and the hash of that request.
    async fn operation_of(
        &self,
        snapshot: &mut Snapshot,
        person: &PersonId,
    ) -> Result<Option<(Option<Message>, Vec<u8>)>> {
        let Some(op_id) = &self.new.op_id else {
            return Ok(None);
        };
        if let Some((message, hash)) = snapshot.message_of_operation(person, op_id).await? {
            return Ok(Some((Some(message), hash)));
        }
        let held = snapshot.held_message_of_operation(person, op_id).await?;
        let hash = held.and_then(|held| held.operation).map(|(_, hash)| hash);
        Ok(hash.map(|hash| (None, hash)))
    }

    /// Returns the result again. The text may have been erased since.
    fn repeated(&self, message: Option<Message>, person: PersonId, is_own: bool) -> Earlier {
        let text = self.new.text.clone();
        let message = message.map(|message| Message { text, ..message });
        Earlier {
            message,
            person,
            is_own,
        }
    }
}

fn sent(message: Option<Message>, person: PersonId, allowances: Vec<Allowance>) -> SentMessage {
    let guest = match person {
        PersonId::Guest(guest) => Some(guest),
        PersonId::Account(_) => None,
    };
    SentMessage {
        message,
        allowances,
        guest,
    }
}
