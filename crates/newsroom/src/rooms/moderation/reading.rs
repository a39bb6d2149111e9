//! Use cases of moderation: the queue, sanctions, the log, and the rules of all rooms.

use domain::{Caller, FilteredWord, LogId, MessageId, RoomName};

use super::subject::load_message;
use crate::{
    Error, ListPage, Newsroom, Result, UNDO_WINDOW,
    model::{
        moderation::{
            HeldMessage, HeldState, LogEntry, ModeratedMessage, Queue, QueueItem, Sanction,
        },
        room::{Message, PersonId, Room},
        room_rules::AllRooms,
    },
    permissions::check_may_moderate,
    storage::Snapshot,
};

/// The number of held messages, and of reported ones, on a page of the queue.
const ITEMS: i64 = 20;
/// The number of messages before and after one in the queue.
const CONTEXT: i64 = 3;
/// The maximum number of reports of a message that are shown.
const REPORTS: i64 = 5;
/// Up to how many waiting messages are counted.
const MAX_COUNTED: i64 = 1_000;
/// The maximum number of sanctions, rooms and removals that are listed.
const LISTED: i64 = 200;
/// The number of entries on a page of the log.
const LOG_ENTRIES: u8 = 50;

impl Newsroom {
    /// Returns the messages that wait for a moderator, those of a room or of all rooms.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn moderation_queue(&self, caller: &Caller, room: Option<RoomName>) -> Result<Queue> {
        check_may_moderate(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let mut queue = Queue {
            held: Vec::new(),
            waiting: snapshot.count_waiting(None, MAX_COUNTED).await?.0,
            reported: Vec::new(),
        };
        for held in snapshot.waiting_messages(room, ITEMS).await? {
            queue.held.push(held_item(&mut snapshot, held).await?);
        }
        for id in snapshot.reported_messages(room, ITEMS).await? {
            queue.reported.push(sent_item(&mut snapshot, id).await?);
        }
        Ok(queue)
    }

    /// Returns a message with those around it, for a moderator.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, [`Error::NotFound`] if there is
    /// no such message or it no longer waits, and an error if the database can't be reached.
    pub async fn moderated_message(
        &self,
        caller: &Caller,
        message: ModeratedMessage,
    ) -> Result<QueueItem> {
        check_may_moderate(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        match message {
            ModeratedMessage::Sent(id) => sent_item(&mut snapshot, id).await,
            ModeratedMessage::Held(id) => {
                let held = snapshot.held_message(id).await?;
                let held = held.filter(|held| held.state == HeldState::Waiting);
                held_item(&mut snapshot, held.ok_or(Error::NotFound("held message"))?).await
            }
        }
    }

    /// Returns the sanctions that run, in the order in which they end.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn sanctions(&self, caller: &Caller) -> Result<Vec<Sanction>> {
        check_may_moderate(caller)?;
        let now = self.clock.now();
        let mut snapshot = self.store.snapshot().await?;
        snapshot.running_sanctions(now, LISTED).await
    }

    /// Returns the removals of all messages of a person that can be undone, the latest first.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn recent_removals(&self, caller: &Caller) -> Result<Vec<LogEntry>> {
        check_may_moderate(caller)?;
        let since = self.clock.now().plus_micros(-UNDO_WINDOW);
        let mut snapshot = self.store.snapshot().await?;
        snapshot.recent_removals(since, LISTED).await
    }

    /// Returns a page of the log, the latest entry first.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn moderation_log(
        &self,
        caller: &Caller,
        before: Option<LogId>,
    ) -> Result<ListPage<LogEntry, LogId>> {
        check_may_moderate(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let limit = i64::from(LOG_ENTRIES) + 1;
        let items = snapshot.moderation_log(before, limit).await?;
        Ok(ListPage::new(items, LOG_ENTRIES.into(), |entry| entry.id))
    }

    /// Returns the rules of all rooms, and the filtered words.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn chat_rules(&self, caller: &Caller) -> Result<(AllRooms, Vec<FilteredWord>)> {
        check_may_moderate(caller)?;
        let mut snapshot = self.store.snapshot().await?;
        let all = snapshot.all_rooms().await?;
        let words = snapshot.filtered_words().await?;
        Ok((all, words.into_iter().map(|(word, _)| word).collect()))
    }

    /// Returns the rooms that changed last, for moderators.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not moderate, and an error if the database
    /// can't be reached.
    pub async fn moderated_rooms(&self, caller: &Caller) -> Result<Vec<Room>> {
        check_may_moderate(caller)?;
        self.store.snapshot().await?.latest_rooms(LISTED).await
    }
}

async fn held_item(snapshot: &mut Snapshot, held: HeldMessage) -> Result<QueueItem> {
    let room = snapshot.room(held.room_id).await?;
    let next = MessageId(held.after.0.saturating_add(1));
    Ok(QueueItem {
        before: before(snapshot, held.room_id, next).await?,
        after: snapshot
            .messages_after(held.room_id, held.after, CONTEXT)
            .await?,
        room: room.ok_or(Error::NotFound("room"))?,
        message: ModeratedMessage::Held(held.id),
        nick: held.nick,
        is_account: matches!(held.author, PersonId::Account(_)),
        text: held.text,
        sent_at: held.held_at,
        held: Some(held.reason),
        reports: Vec::new(),
    })
}

async fn sent_item(snapshot: &mut Snapshot, id: MessageId) -> Result<QueueItem> {
    let message = load_message(snapshot, id).await?;
    if message.deleted_at.is_some() {
        return Err(Error::NotFound("message"));
    }
    let room = snapshot.room(message.room_id).await?;
    Ok(QueueItem {
        before: before(snapshot, message.room_id, id).await?,
        after: snapshot
            .messages_after(message.room_id, id, CONTEXT)
            .await?,
        reports: snapshot.reports_of(id, REPORTS).await?,
        room: room.ok_or(Error::NotFound("room"))?,
        message: ModeratedMessage::Sent(id),
        nick: message.nick,
        is_account: matches!(message.author, Some(PersonId::Account(_))),
        text: message.text,
        sent_at: message.sent_at,
        held: None,
    })
}

/// Returns the messages of a room before one, the oldest first.
async fn before(
    snapshot: &mut Snapshot,
    room: domain::RoomId,
    id: MessageId,
) -> Result<Vec<Message>> {
    let mut messages = snapshot.messages_before(room, Some(id), CONTEXT).await?;
    messages.reverse();
    Ok(messages)
}
