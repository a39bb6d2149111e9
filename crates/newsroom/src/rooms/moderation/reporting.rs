//! Use cases of moderation: reports of messages by readers.

use domain::{Caller, MessageId, Reason, RoomName, Timestamp};

use crate::{
    Error, Newsroom, Result,
    model::{
        limit::Limit,
        room::{GuestId, Message, Origin, PersonId, Room, Visitor},
    },
    rooms::{
        rules::{sanctions::check_sanctions, sender::Sender},
        visibility::visible_room,
    },
    storage::{Counter, Revision},
    writes::write::Write,
};

/// How many messages can be reported from one address: 20 at once, then 10 per minute.
const LIMIT: Limit = Limit {
    burst: 20,
    interval: 6_000_000,
};
/// The number of reports of a message that are stored. Moderators need no more.
const MAX_PER_MESSAGE: i64 = 20;

impl Newsroom {
    /// Returns a message that readers can see, and its room.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such message, and an error if the database can't
    /// be reached.
    pub async fn message_to_report(&self, id: MessageId) -> Result<(Room, Message)> {
        let mut snapshot = self.store.snapshot().await?;
        let no_message = Error::NotFound("message");
        let message = snapshot.message(id).await?;
        let message = message.filter(|it| it.deleted_at.is_none());
        let message = message.ok_or_else(|| no_message.clone())?;
        let room = snapshot.room(message.room_id).await?;
        let room = room.filter(|room| room.public_state().is_some());
        Ok((room.ok_or(no_message)?, message))
    }

    /// Reports a message to the moderators. A person reports it once; repeating that does nothing.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if the visitor can see no such room or message,
    /// [`Error::Sanctioned`] if they are banned, [`Error::Limited`] if too many messages are
    /// reported from their address, and an error if the database can't be reached.
    pub async fn report_message(
        &self,
        room: RoomName,
        id: MessageId,
        visitor: &Visitor,
        reason: Reason,
    ) -> Result<()> {
        self.write(ReportMessage {
            room,
            id,
            caller: visitor.caller.clone(),
            guest: visitor.guest.clone(),
            origin: self.origin_of(visitor.address).await?,
            reason,
            open_rooms: self.open_rooms,
        })
        .await
    }
}

/// The write of [`Newsroom::report_message`].
#[derive(Debug)]
struct ReportMessage {
    room: RoomName,
    id: MessageId,
    caller: Option<Caller>,
    guest: Option<GuestId>,
    origin: Origin,
    reason: Reason,
    open_rooms: bool,
}

impl ReportMessage {
    /// Returns the person, who may be a guest that is not known yet, and the name under which the
    /// report is stored.
    fn reporter(&self) -> (PersonId, String) {
        match (&self.caller, &self.guest) {
            (Some(caller), _) => (
                PersonId::Account(caller.id),
                format!("account {}", caller.id),
            ),
            (None, Some(guest)) => (
                PersonId::Guest(guest.clone()),
                format!("guest {}", guest.as_str()),
            ),
            (None, None) => (
                PersonId::Guest(GuestId::random()),
                format!("address {}", self.origin.address),
            ),
        }
    }
}

impl Write for ReportMessage {
    type Output = ();

    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<()> {
        let snapshot = revision.snapshot();
        let caller = self.caller.as_ref();
        let (room, _) = visible_room(snapshot, self.room, caller, self.open_rooms).await?;
        let message = snapshot.message(self.id).await?;
        message
            .filter(|it| Some(it.room_id) == room.id && it.deleted_at.is_none())
            .ok_or(Error::NotFound("message"))?;
        let (person, reporter) = self.reporter();
        let sender = Sender {
            caller,
            person: &person,
            origin: &self.origin,
        };
        check_sanctions(snapshot, None, sender, now).await?;
        let (is_repeated, reports) = snapshot.count_reports(self.id, &reporter).await?;
        if is_repeated || reports >= MAX_PER_MESSAGE {
            return Ok(());
        }
        let bucket = format!("reports {}", self.origin.address);
        let stored = snapshot.message_limits([&bucket, "", ""]).await?;
        let full_at = stored.get(&bucket).copied().unwrap_or_default();
        let next = LIMIT.take(full_at, now).map_err(|wait| Error::Limited {
            sentence: "Too many messages were reported from your network. Try again in a minute."
                .to_owned(),
            seconds: u16::try_from(wait.unsigned_abs().div_ceil(1_000_000)).unwrap_or(u16::MAX),
        })?;
        revision.store_message_limits(&[(bucket, next)]).await?;
        revision
            .add_report(self.id, &reporter, &self.reason, now)
            .await
    }
}
