//! Reading, deleting and restoring messages.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use domain::{ChatMessage, Invalid, MessageId};
use newsroom::{MAX_MESSAGES, MESSAGES_PER_PAGE, Message, Newsroom};
use serde::{Deserialize, Serialize};

use crate::{
    extract::{
        Path, Query,
        visitor::{RoomVisitor, message_id, room_name},
    },
    problem::Problem,
};

/// The part of a room's messages that a client requests.
#[derive(Debug, Deserialize)]
pub struct MessagesQuery {
    before: Option<String>,
    limit: Option<String>,
}

impl MessagesQuery {
    fn before(&self) -> Result<Option<MessageId>, Invalid> {
        let Some(before) = &self.before else {
            return Ok(None);
        };
        let id = before.parse().ok().filter(|id: &MessageId| id.0 >= 0);
        id.map(Some).ok_or_else(|| {
            Invalid::new(
                "before",
                "before must be the id of a message, as in ?before=12.",
            )
        })
    }

    fn limit(&self) -> Result<u8, Invalid> {
        let Some(limit) = &self.limit else {
            return Ok(MESSAGES_PER_PAGE);
        };
        let limit = limit.parse().ok();
        limit
            .filter(|limit| (1..=MAX_MESSAGES).contains(limit))
            .ok_or_else(|| Invalid::new("limit", "The limit must be from 1 to 100."))
    }
}

/// Messages, the oldest first.
#[derive(Debug, Serialize)]
pub struct Messages {
    messages: Vec<ChatMessage>,
    /// The id with which `/events/` continues after the last message of the room.
    last_event_id: String,
}

/// Returns the last messages of a room, or those before one of them.
pub async fn messages(
    State(newsroom): State<Arc<Newsroom>>,
    Path(room): Path<String>,
    Query(query): Query<MessagesQuery>,
    RoomVisitor(visitor): RoomVisitor,
) -> Result<Json<Messages>, Problem> {
    let (before, limit) = (query.before()?, query.limit()?);
    let caller = visitor.caller.as_ref();
    let page = newsroom
        .room_page(room_name(&room)?, caller, before, limit)
        .await?;
    Ok(Json(Messages {
        last_event_id: page.last_event_id(),
        messages: page.messages.iter().map(Message::to_chat_message).collect(),
    }))
}

/// Deletes a message.
pub async fn delete_message(
    State(newsroom): State<Arc<Newsroom>>,
    Path((room, id)): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
) -> Result<StatusCode, Problem> {
    newsroom
        .delete_message(room_name(&room)?, message_id(&id)?, &visitor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores a message, and returns it.
pub async fn restore_message(
    State(newsroom): State<Arc<Newsroom>>,
    Path((room, id)): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
) -> Result<Json<ChatMessage>, Problem> {
    let message = newsroom
        .restore_message(room_name(&room)?, message_id(&id)?, &visitor)
        .await?;
    Ok(Json(message.to_chat_message()))
}
