//! The rooms, and what a server shows of them.

use domain::ChatMessage;
use serde::Deserialize;

use crate::{
    chaos::records::StoredMessage,
    harness::{Error, Result, Ringside},
};

/// The rooms.
pub const ROOMS: [&str; 2] = ["lobby", "kitchen"];

/// Returns the messages of a room that are not deleted.
pub fn shown_in<'a>(
    stored: &'a [StoredMessage],
    room: &'a str,
) -> impl Iterator<Item = &'a StoredMessage> {
    let of_room = stored.iter().filter(move |message| message.room == room);
    of_room.filter(|message| !message.is_deleted)
}

/// Checks that a server shows exactly the stored messages of a room, in their order.
pub async fn check_messages(
    ringside: &Ringside,
    room: &str,
    stored: &[StoredMessage],
) -> Result<()> {
    #[derive(Deserialize)]
    struct Messages {
        messages: Vec<ChatMessage>,
    }

    let mut shown: Vec<ChatMessage> = Vec::new();
    loop {
        let before = shown.first().map(|first| format!("&before={}", first.id));
        let path = format!(
            "/rooms/{room}/messages?limit=100{}",
            before.unwrap_or_default()
        );
        let response = ringside.get(&path, "").await?;
        let page: Messages = serde_json::from_slice(&response.body)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        if page.messages.is_empty() {
            break;
        }
        shown.splice(0..0, page.messages);
    }
    let shown: Vec<_> = shown
        .iter()
        .map(|it| (it.id, &*it.text, &*it.from))
        .collect();
    let wanted: Vec<_> = shown_in(stored, room)
        .map(|it| (it.id, &*it.text, &*it.from))
        .collect();
    if shown == wanted {
        return Ok(());
    }
    let difference = shown.iter().zip(&wanted).find(|(one, other)| one != other);
    Err(Error::Violated(format!(
        "{room} has {} messages in place of {}; the first difference: {difference:?}",
        shown.len(),
        wanted.len()
    )))
}
