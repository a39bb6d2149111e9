//! When people were muted: what a server may, must and must not refuse.

use newsroom::Clock;

use crate::chaos::records::StoredMessage;

/// The length of a mute, in minutes: the shortest one.
pub const MINUTES: i64 = 1;
const LENGTH: i64 = MINUTES * 60_000_000;

/// A person who was muted in a room. All times are in microseconds, as in the database.
#[derive(Clone, Debug)]
pub struct Mute {
    name: String,
    room: &'static str,
    /// When the moderator sent the request.
    requested: i64,
    /// When it was acknowledged.
    imposed: Option<i64>,
    /// When the moderator requested its end.
    lifting: Option<i64>,
    /// When that was acknowledged.
    lifted: Option<i64>,
}

impl Mute {
    /// Begins a mute, whose request is sent now.
    pub fn request(name: &str, room: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            room,
            requested: now(),
            imposed: None,
            lifting: None,
            lifted: None,
        }
    }

    /// Records that it was acknowledged.
    pub fn impose(&mut self) {
        self.imposed = Some(now());
    }

    /// Records that its end is requested.
    pub fn start_lifting(&mut self) {
        self.lifting = Some(now());
    }

    /// Records that its end was acknowledged.
    pub fn lift(&mut self) {
        self.lifted = Some(now());
    }

    /// Returns whether the person may be refused in a room, for a request that was sent and refused
    /// at these times.
    pub fn may_refuse(&self, name: &str, room: &str, sent: i64, refused: i64) -> bool {
        let expired = self.imposed.unwrap_or(i64::MAX).saturating_add(LENGTH);
        let end = self.lifted.unwrap_or(i64::MAX).min(expired);
        self.name == name && self.room == room && self.requested <= refused && sent <= end
    }

    /// Returns whether it must have prevented a message.
    pub fn prevents(&self, message: &StoredMessage) -> bool {
        let Some(imposed) = self.imposed else {
            return false;
        };
        let end = self.lifting.unwrap_or(i64::MAX);
        let end = end.min(self.requested + LENGTH);
        self.name == message.from
            && self.room == message.room
            && (imposed..end).contains(&message.sent_at)
    }
}

/// Returns the current time, in microseconds.
pub fn now() -> i64 {
    Clock::system().now().0
}

#[cfg(test)]
mod tests {
    use domain::MessageId;

    use super::*;

    fn mute() -> Mute {
        Mute {
            name: "ann".to_owned(),
            room: "lobby",
            requested: 10,
            imposed: Some(20),
            lifting: Some(30),
            lifted: Some(40),
        }
    }

    #[test]
    fn refusal_needs_a_mute_at_some_time_of_the_request() {
        let mute = mute();
        for (sent, refused, may) in [
            (1, 9, false),
            (1, 10, true),
            (40, 50, true),
            (41, 50, false),
        ] {
            assert_eq!(
                mute.may_refuse("ann", "lobby", sent, refused),
                may,
                "{sent}"
            );
            assert!(!mute.may_refuse("bob", "lobby", sent, refused));
            assert!(!mute.may_refuse("ann", "kitchen", sent, refused));
        }
        let endless = Mute {
            lifting: None,
            lifted: None,
            ..mute
        };
        assert!(endless.may_refuse("ann", "lobby", 20 + LENGTH, 99 + LENGTH));
        assert!(!endless.may_refuse("ann", "lobby", 21 + LENGTH, 99 + LENGTH));
    }

    #[test]
    fn message_must_not_be_sent_between_the_acknowledgement_and_the_end() {
        let message = |sent_at| StoredMessage {
            id: MessageId(1),
            room: "lobby".to_owned(),
            sent_rev: 1,
            sent_at,
            from: "ann".to_owned(),
            text: String::new(),
            is_deleted: false,
        };
        for (sent_at, prevented) in [(19, false), (20, true), (29, true), (30, false)] {
            assert_eq!(mute().prevents(&message(sent_at)), prevented, "{sent_at}");
        }
    }
}
