//! The feeds of rooms.

use domain::{
    Batch, Change, Cursor, Deleted, EntryId, EntryState, Epoch, FeedId, Rev, RoomChange, RoomState,
    UpdateId, Upserted,
};
use futures::{FutureExt, future::BoxFuture};

use super::visibility::{find_room, visible_room};
use crate::{
    Cards, Error, Result,
    feed::{FeedSource, Frame, RoomMessage, SourceHead, check_cursor},
    model::room::{Message, Room},
    storage::{Counter, Snapshot},
};

/// The maximum number of messages in a batch: about a megabyte, if they are as long as possible.
const MAX_MESSAGES: u8 = 100;

/// The source of the feeds of rooms. From revision 0 on, a client receives the last messages only.
#[derive(Debug)]
pub struct RoomSource {
    cards: Cards,
    /// Whether each name is a room's.
    open_rooms: bool,
}

impl RoomSource {
    /// Creates the source; `cards` renders what its batches contain. With `open_rooms`, rooms exist
    /// before their first message.
    pub const fn new(cards: Cards, open_rooms: bool) -> Self {
        Self { cards, open_rooms }
    }

    async fn read_heads(snapshot: &mut Snapshot, since: Rev) -> Result<Vec<SourceHead>> {
        let rooms = snapshot.rooms_changed_since(since).await?;
        Ok(rooms.iter().map(head_of).collect())
    }

    async fn read_head(&self, snapshot: &mut Snapshot, feed: FeedId) -> Result<Option<SourceHead>> {
        let FeedId::Room(name) = feed else {
            return Ok(None);
        };
        let room = find_room(snapshot, name, self.open_rooms).await?;
        Ok(room
            .map(|room| head_of(&room))
            .filter(|it| it.state.is_public()))
    }

    async fn read_changes(
        &self,
        snapshot: &mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> Result<Frame> {
        let FeedId::Room(name) = feed else {
            return Err(Error::NotFound("feed"));
        };
        let (room, state) = visible_room(snapshot, name, None, self.open_rooms).await?;
        check_cursor(&since, epoch, room.head, room.head)?;
        let (messages, cut_at) = match room.id {
            None => (Vec::new(), None),
            Some(id) if since.rev == 0 => {
                let limit = MAX_MESSAGES.into();
                let mut messages = snapshot.messages_before(id, None, limit).await?;
                messages.sort_by_key(|message| message.rev);
                (messages, None)
            }
            Some(id) => {
                let limit = i64::from(MAX_MESSAGES) + 1;
                let changed = snapshot.messages_changed_since(id, since.rev, limit);
                cut(changed.await?)
            }
        };
        let to = cut_at.unwrap_or(room.head);
        let batch = Batch {
            epoch,
            from: since.rev,
            to,
            head: room.head,
            more: to < room.head,
            changes: messages.iter().map(|it| self.change(&room, it)).collect(),
            entry: None,
            entries: Vec::new(),
            room: (room.rev > since.rev).then(|| RoomChange {
                rev: room.rev,
                state,
                title: room.title.to_string(),
            }),
        };
        let sent = messages.iter().filter(|it| it.deleted_at.is_none());
        let sent = sent.map(|it| RoomMessage::new(it.sent_rev, &it.to_chat_message()));
        Ok(Frame::new(&batch, &[]).with_messages(sent.collect()))
    }

    /// Returns the change that the feed contains for a message.
    fn change(&self, room: &Room, message: &Message) -> Change {
        let (id, rev) = (UpdateId(message.id.0), message.rev);
        if message.deleted_at.is_some() {
            return Change::Deleted(Deleted { id, rev });
        }
        Change::Upserted(Upserted {
            id,
            rev,
            entry_id: room.entry.as_ref().map_or(EntryId(0), |entry| entry.id),
            posted_at: message.sent_at,
            html: self.cards.message(room, message).to_string(),
        })
    }
}

/// Returns the messages of a batch, from a list that was read with one message more, and the
/// revision of the last one if there are more.
fn cut(mut messages: Vec<Message>) -> (Vec<Message>, Option<Rev>) {
    let continues = messages.len() > usize::from(MAX_MESSAGES);
    messages.truncate(MAX_MESSAGES.into());
    let last = messages.last().map(|message| message.rev);
    (messages, last.filter(|_| continues))
}

/// Returns the head of a room. A room that readers can't see has the state of a draft.
fn head_of(room: &Room) -> SourceHead {
    SourceHead {
        feed: room.feed(),
        head: room.head,
        state: match room.public_state() {
            None => EntryState::Draft,
            Some(RoomState::Closed) => EntryState::Ended,
            Some(RoomState::Open | RoomState::ReadOnly) => EntryState::Live,
        },
        slug: None,
    }
}

impl FeedSource for RoomSource {
    fn counter(&self) -> Counter {
        Counter::ROOMS
    }

    fn heads_since<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        since: Rev,
    ) -> BoxFuture<'a, Result<Vec<SourceHead>>> {
        Self::read_heads(snapshot, since).boxed()
    }

    fn head<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<Option<SourceHead>>> {
        self.read_head(snapshot, feed).boxed()
    }

    fn changes<'a>(
        &'a self,
        snapshot: &'a mut Snapshot,
        epoch: Epoch,
        feed: FeedId,
        since: Cursor,
    ) -> BoxFuture<'a, Result<Frame>> {
        self.read_changes(snapshot, epoch, feed, since).boxed()
    }
}
