//! Rooms, in which readers chat.

mod chat;
mod deleting;
mod feed;
mod holding;
mod limits;
mod managing;
mod names;
mod posting;
mod removing;
mod reporting;
mod rules;
mod sanctions;

use std::net::IpAddr;

use domain::{
    Batch, Caller, Change, ChatSetting, Cursor, FeedId, HeldId, LogId, MessageText, Nick, OpId,
    Reason, Rev, RoomName,
};
use newsroom::{
    Entry, EntryPatch, Error, GuestId, Message, ModeratedMessage, ModerationAction, NewMessage,
    NewRoom, Result, RoomPage, RoomPatch, SentMessage, Visitor,
};

use super::support::{Database, TestNewsroom, batch, op_id};

/// Parses the name of a room.
fn name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

/// Returns a client that keeps no cookies.
fn program(address: &str) -> Visitor {
    Visitor {
        caller: None,
        guest: None,
        address: address.parse::<IpAddr>().unwrap(),
    }
}

/// Returns a browser with the cookie of `guest`.
fn browser(guest: &GuestId) -> Visitor {
    Visitor {
        guest: Some(guest.clone()),
        ..program("192.0.2.7")
    }
}

/// Returns a browser that is logged in.
fn member(caller: &Caller) -> Visitor {
    Visitor {
        caller: Some(caller.clone()),
        ..program("192.0.2.8")
    }
}

fn new_message(from: &str, text: &str) -> NewMessage {
    NewMessage {
        from: Some(Nick::parse(from).unwrap()),
        text: MessageText::parse(text).unwrap(),
        op_id: None,
    }
}

fn with_op_id(message: NewMessage, op_id: &OpId) -> NewMessage {
    NewMessage {
        op_id: Some(op_id.clone()),
        ..message
    }
}

/// Opens a newsroom in which each valid name is that of a room.
async fn with_open_rooms(database: &Database) -> TestNewsroom {
    let (mut options, clock) = database.options();
    options.open_rooms = true;
    TestNewsroom::on_options(database, options, clock).await
}

/// Returns the texts of messages.
fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|it| it.text.as_str()).collect()
}

/// Returns the cards of a batch: empty ones of tombstones.
fn cards(batch: &Batch) -> Vec<String> {
    let card = |change: &Change| match change {
        Change::Deleted(_) => String::new(),
        Change::Upserted(message) => message.html.clone(),
    };
    batch.changes.iter().map(card).collect()
}

/// A message that was published.
#[derive(Debug)]
struct Published {
    message: Message,
    guest: Option<GuestId>,
}

impl Published {
    fn new(sent: SentMessage) -> Self {
        Self {
            message: sent.message.expect("the message is held"),
            guest: sent.guest,
        }
    }
}

/// Returns the reason `text`.
fn reason(text: &str) -> Reason {
    Reason::parse(text).unwrap()
}

impl TestNewsroom {
    /// Sends a message that is not to be held.
    async fn post_message(
        &self,
        room: RoomName,
        visitor: &Visitor,
        new: &NewMessage,
    ) -> Result<Published> {
        let sent = self.newsroom.post_message(room, visitor, new).await;
        sent.map(Published::new)
    }

    /// Acts as the editor.
    async fn act(&self, action: ModerationAction) -> LogId {
        self.moderate(&self.editor, None, action).await.unwrap()
    }

    async fn patch(&self, room: &str, patch: RoomPatch) {
        self.patch_room(&self.owner, name(room), &patch, None)
            .await
            .unwrap();
    }

    /// Sends a message that is to be held.
    async fn send_held(&self, room: &str, visitor: &Visitor, from: &str, text: &str) -> GuestId {
        let message = new_message(from, text);
        let held = self.newsroom.post_message(name(room), visitor, &message);
        let held = held.await.unwrap();
        assert_eq!(held.message, None, "the message is not held");
        held.guest.unwrap()
    }

    /// Returns the messages that wait, with their ids.
    async fn waiting(&self) -> Vec<(HeldId, String)> {
        let queue = self.moderation_queue(&self.editor, None).await.unwrap();
        let held = queue.held.iter().map(|item| match item.message {
            ModeratedMessage::Held(id) => (id, item.text.to_string()),
            ModeratedMessage::Sent(id) => panic!("{id} is not held"),
        });
        held.collect()
    }

    async fn room(&self, room: &str) -> FeedId {
        let new = NewRoom::parse(room, &format!("The {room}")).unwrap();
        self.create_room(None, &new).await.unwrap().feed()
    }

    /// Sends a message from a program at an address of its own.
    async fn send(&self, room: &str, from: &str, text: &str) -> Published {
        self.try_send(room, &program("192.0.2.1"), from, text)
            .await
            .unwrap()
    }

    async fn try_send(
        &self,
        room: &str,
        visitor: &Visitor,
        from: &str,
        text: &str,
    ) -> Result<Published> {
        self.post_message(name(room), visitor, &new_message(from, text))
            .await
    }

    async fn latest(&self, room: &str) -> RoomPage {
        self.room_page(name(room), None, None, 50).await.unwrap()
    }

    async fn room_texts(&self, room: &str) -> Vec<String> {
        let page = self.latest(room).await;
        texts(&page.messages)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    async fn set_chat_of(&self, entry: &Entry, chat: ChatSetting) {
        let patch = EntryPatch {
            chat: Some(chat),
            ..EntryPatch::default()
        };
        self.patch_entry(&self.author, &entry.slug, &patch, None)
            .await
            .unwrap();
    }

    async fn room_changes(&self, room: &str, since: Rev) -> Batch {
        let feed = FeedId::Room(name(room));
        let epoch = self.head(feed).await.unwrap().epoch;
        let since = Some(Cursor::new(epoch, since));
        batch(&self.changes(feed, since).await.unwrap())
    }
}
