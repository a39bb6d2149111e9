//! Limits how much a WebSocket client may send.

use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::streams::open_streams::MAX_FEEDS;

/// The period in which messages are counted: the time between two heartbeats.
const PERIOD: Duration = Duration::from_secs(15);
/// How many messages a client may send per period: enough to subscribe to as many feeds as allowed,
/// unsubscribe from them, and subscribe again.
const MAX_MESSAGES: usize = 3 * MAX_FEEDS;
/// How many pings and pongs a client may send per period: one ping a second, and a pong for each of
/// the server's pings.
const MAX_CONTROL_FRAMES: usize = 20;

/// What a client may still send in the current period.
pub struct MessageBudget {
    started_at: Instant,
    messages: usize,
    control_frames: usize,
}

impl MessageBudget {
    /// Starts a period at `now`.
    pub fn new(now: Instant) -> Self {
        Self {
            started_at: now,
            messages: MAX_MESSAGES,
            control_frames: MAX_CONTROL_FRAMES,
        }
    }

    /// Counts a message that was received at `now`. Returns whether it is within the budget.
    pub fn allows(&mut self, message: &Message, now: Instant) -> bool {
        if now - self.started_at >= PERIOD {
            *self = Self::new(now);
        }
        let left = match message {
            Message::Ping(_) | Message::Pong(_) => &mut self.control_frames,
            Message::Text(_) | Message::Binary(_) | Message::Frame(_) => &mut self.messages,
            Message::Close(_) => return true,
        };
        let is_allowed = *left > 0;
        *left = left.saturating_sub(1);
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    #[test]
    fn budget_is_renewed_after_each_period() {
        let start = Instant::now();
        let mut budget = MessageBudget::new(start);
        let ping = Message::Ping(Bytes::new());
        let reply = Message::Pong(Bytes::new());
        let text = Message::text("");
        for n in 0..MAX_CONTROL_FRAMES {
            let control = if n % 2 == 0 { &ping } else { &reply };
            assert!(budget.allows(control, start));
        }
        assert!(!budget.allows(&ping, start));
        assert!(!budget.allows(&reply, start));
        for _ in 0..MAX_MESSAGES {
            assert!(budget.allows(&text, start));
        }
        let early = start + PERIOD - Duration::from_millis(1);
        assert!(!budget.allows(&text, early));
        assert!(!budget.allows(&Message::binary(Bytes::new()), early));
        assert!(budget.allows(&Message::Close(None), early));
        let next = start + PERIOD;
        assert!(budget.allows(&text, next) && budget.allows(&ping, next));
    }

    #[test]
    fn client_that_pings_every_second_is_within_the_budget() {
        let mut now = Instant::now();
        let mut budget = MessageBudget::new(now);
        for _ in 0..1_000 {
            assert!(budget.allows(&Message::Ping(Bytes::new()), now));
            now += Duration::from_secs(1);
        }
    }
}
