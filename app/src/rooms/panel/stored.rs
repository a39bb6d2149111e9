//! What the browser remembers of rooms: the reader's name, the last message that was read in each
//! room, and what this tab has not sent yet.

use domain::wire::Value;
use js_sys::{Array, JSON};
use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::Storage;

use crate::{live::JsonValue, local_storage};

/// The maximum number of rooms whose last read message is remembered.
const MAX_ROOMS: usize = 50;
/// The beginning of the keys in the session storage with what a tab has not sent to a room.
const UNSENT: &str = "ringside-unsent-";

/// Returns the id of the last message of `room` that was read in this browser; 0 if none was.
pub fn last_read(room: &str) -> i64 {
    entries()
        .into_iter()
        .find(|(name, _)| name == room)
        .map_or(0, |(_, id)| id)
}

/// Remembers the last message of `room` that was read, unless another tab has read further.
pub fn set_last_read(room: &str, id: i64) {
    let mut all = entries();
    let stored = all.iter().find(|(name, _)| name == room);
    let id = stored.map_or(id, |(_, stored)| id.max(*stored));
    all.retain(|(name, _)| name != room);
    if all.len() >= MAX_ROOMS {
        all.remove(0);
    }
    all.push((room.to_owned(), id));
    let mut text = String::new();
    for (name, id) in all {
        text.push_str(&[&*name, ":", &id.to_string(), ","].concat());
    }
    // Without storage, the browser forgets it with the page.
    local_storage::set(local_storage::READ, &text);
}

/// Returns the rooms and their last read messages, the latest one last.
fn entries() -> Vec<(String, i64)> {
    let text = local_storage::get(local_storage::READ).unwrap_or_default();
    let entries = text.split(',').filter_map(|entry| {
        let (name, id) = entry.split_once(':')?;
        Some((name.to_owned(), id.parse().ok()?))
    });
    entries.collect()
}

/// A message that is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Its operation id; empty for the text in the box.
    pub op_id: String,
    /// The name of the person.
    pub from: String,
    /// The text.
    pub text: String,
}

/// Returns what this tab has not sent to `room`.
pub fn unsent(room: &str) -> Vec<Unsent> {
    let read = || {
        let json = session()?.get_item(&key(room)).ok()??;
        let parts: Vec<_> = JsonValue::parse(&json)?
            .items()?
            .map(|it| it.string().unwrap_or_default())
            .collect();
        let messages = parts.chunks_exact(3).map(|parts| Unsent {
            op_id: parts[0].clone(),
            from: parts[1].clone(),
            text: parts[2].clone(),
        });
        Some(messages.collect())
    };
    read().unwrap_or_default()
}

/// Stores what this tab has not sent to `room`.
pub fn set_unsent(room: &str, messages: &[Unsent]) {
    let Some(storage) = session() else {
        return;
    };
    let parts = Array::new();
    for message in messages {
        for part in [&message.op_id, &message.from, &message.text] {
            parts.push(&JsValue::from_str(part));
        }
    }
    // If it can't be stored, it is lost with the page.
    let _ = match JSON::stringify(&parts) {
        Ok(json) if !messages.is_empty() => storage.set_item(&key(room), &String::from(json)),
        _ => storage.remove_item(&key(room)),
    };
}

fn key(room: &str) -> String {
    [UNSENT, room].concat()
}

fn session() -> Option<Storage> {
    window().session_storage().ok()?
}
