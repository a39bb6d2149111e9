//! What a client of `/events/` has received, and what it must have.

use std::collections::BTreeMap;

use domain::{ChatMessage, Rev};
use serde::Deserialize;

use crate::chaos::records::StoredMessage;

/// The messages that a client received.
#[derive(Debug, Default)]
pub struct EventsPage {
    /// The id of the last event that had one.
    last_id: Option<String>,
    /// The position of each channel from which on it must have every message: that of the first
    /// stream, or of the last `stream-reset`.
    since: BTreeMap<String, Rev>,
    messages: Vec<ChatMessage>,
    streams: usize,
    resets: usize,
}

impl EventsPage {
    /// Returns the id after which the next stream continues.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Returns how many streams it opened, and how many channels were reset.
    pub const fn counts(&self) -> (usize, usize) {
        (self.streams, self.resets)
    }

    /// Takes an event: its name, id and data.
    ///
    /// # Errors
    ///
    /// If it violates the protocol, or must not be sent to this client.
    pub fn on(&mut self, name: &str, id: &str, data: &str) -> Result<(), String> {
        let invalid = |error| format!("/events/ sent {name} with {data:?}: {error}");
        if !id.is_empty() {
            self.last_id = Some(id.to_owned());
        }
        match name {
            "stream-open" => {
                self.streams += 1;
                // Without an id, a reset follows.
                if !id.is_empty() {
                    for (channel, rev) in positions(id)? {
                        self.since.entry(channel).or_insert(rev);
                    }
                }
            }
            "message" => {
                let message = serde_json::from_str(data);
                self.messages
                    .push(message.map_err(|error| invalid(error.to_string()))?);
            }
            "stream-reset" => {
                #[derive(Deserialize)]
                struct Reset {
                    channels: Vec<String>,
                }

                let reset: Reset =
                    serde_json::from_str(data).map_err(|error| invalid(error.to_string()))?;
                let now = positions(id)?;
                for channel in reset.channels {
                    let rev = now.get(&channel).copied();
                    let rev = rev.ok_or_else(|| invalid("an unknown channel".to_owned()))?;
                    self.since.insert(channel, rev);
                    self.resets += 1;
                }
            }
            "keep-alive" => {}
            _ => return Err(invalid("no such event is expected".to_owned())),
        }
        Ok(())
    }

    /// Checks that it received each message of the rooms after its position once, in the order in
    /// which they were sent. A deleted message may be missing.
    ///
    /// # Errors
    ///
    /// With the first difference.
    pub fn check(&self, rooms: &[&str], stored: &[StoredMessage]) -> Result<(), String> {
        let ids: BTreeMap<_, _> = stored.iter().map(|it| (it.id, it)).collect();
        for room in rooms {
            let channel = format!("room-{room}");
            let since = self.since.get(&channel);
            let since = *since.ok_or_else(|| format!("no stream of {channel} was opened"))?;
            let is_wanted = |it: &StoredMessage| it.room == *room && it.sent_rev > since;
            let received = self.messages.iter().filter(|message| {
                let stored = ids.get(&message.id);
                stored.is_none_or(|stored| is_wanted(stored))
            });
            let mut received = received.peekable();
            for wanted in stored.iter().filter(|it| is_wanted(it)) {
                match received.next_if(|message| message.id == wanted.id) {
                    None if !wanted.is_deleted => {
                        let next = received.peek();
                        return Err(format!(
                            "{wanted:?} is missing after revision {since}; the next one that was received: {next:?}"
                        ));
                    }
                    Some(message) if message.from != wanted.from => {
                        return Err(format!("{wanted:?} was received as {message:?}"));
                    }
                    Some(message) if !wanted.is_deleted && message.text != wanted.text => {
                        return Err(format!("{wanted:?} was received as {message:?}"));
                    }
                    _ => {}
                }
            }
            if let Some(other) = received.next() {
                return Err(format!("{other:?} was received twice, or out of order"));
            }
        }
        Ok(())
    }
}

/// Parses the id of an event: the position in each channel.
fn positions(id: &str) -> Result<BTreeMap<String, Rev>, String> {
    let position = |part: &str| {
        let (channel, rev) = part.split_once(':')?;
        Some((channel.to_owned(), rev.parse().ok()?))
    };
    let positions: Option<_> = id.split(',').map(position).collect();
    positions.ok_or_else(|| format!("/events/ sent the id {id:?}"))
}

#[cfg(test)]
mod tests {
    use domain::MessageId;

    use super::*;

    fn stored() -> Vec<StoredMessage> {
        let message = |id: i64, room: &str, is_deleted| StoredMessage {
            id: MessageId(id),
            room: room.to_owned(),
            sent_rev: id + 10,
            sent_at: 0,
            from: "ann".to_owned(),
            text: format!("No. {id}"),
            is_deleted,
        };
        vec![
            message(1, "a", false),
            message(2, "a", false),
            message(3, "b", false),
            message(4, "a", true),
            message(5, "a", false),
        ]
    }

    /// Receives messages in the order of `ids`, after the first one of room `a`.
    fn page(ids: &[i64]) -> EventsPage {
        let mut page = EventsPage::default();
        page.on("stream-open", "room-a:11,room-b:0", "").unwrap();
        for id in ids {
            let data = format!(r#"{{"id":{id},"from":"ann","date":"","text":"No. {id}"}}"#);
            page.on("message", &format!("room-a:{id},room-b:0"), &data)
                .unwrap();
        }
        page
    }

    fn check(page: &EventsPage) -> Result<(), String> {
        page.check(&["a", "b"], &stored())
    }

    #[test]
    fn each_message_must_be_received_once_and_in_order() {
        assert_eq!(check(&page(&[2, 3, 4, 5])), Ok(()));
        assert_eq!(check(&page(&[3, 2, 5])), Ok(()), "rooms have no order");
        for wrong in [
            &[2, 3][..],
            &[2, 2, 3, 5],
            &[5, 2, 3],
            &[2, 5, 3, 4],
            &[2, 3, 5, 9],
        ] {
            assert!(check(&page(wrong)).is_err(), "{wrong:?}");
        }
        assert!(check(&EventsPage::default()).is_err());
    }

    #[test]
    fn reset_forgives_what_was_missed_in_its_channel() {
        let mut page = page(&[]);
        page.on("stream-open", "", "").unwrap();
        assert_eq!(page.last_id(), Some("room-a:11,room-b:0"));
        let reset = r#"{"channels":["room-a"]}"#;
        page.on("stream-reset", "room-a:15,room-b:0", reset)
            .unwrap();
        assert!(check(&page).is_err());
        let data = r#"{"id":3,"from":"ann","date":"","text":"No. 3"}"#;
        page.on("message", "room-a:15,room-b:13", data).unwrap();
        assert_eq!(check(&page), Ok(()));
        assert_eq!(page.counts(), (2, 1));
        assert_eq!(page.last_id(), Some("room-a:15,room-b:13"));
    }

    #[test]
    fn event_outside_the_protocol_is_an_error() {
        let mut page = EventsPage::default();
        assert!(page.on("stream-error", "error", "{}").is_err());
        assert!(page.on("message", "room-a:1", "{}").is_err());
        assert!(page.on("stream-open", "12", "").is_err());
    }
}
