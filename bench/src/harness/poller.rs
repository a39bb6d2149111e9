//! A page that polls.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{Connection, Context, Error, Result, get_request};

/// A page without a stream: it requests the head of its entry's feed, and the changes when the head
/// has moved.
#[derive(Clone, Copy, Debug)]
pub struct Poller {
    /// The address of the server, or of the proxy in front of it.
    pub address: SocketAddr,
    /// The number of the entry.
    pub entry: i64,
    /// The interval of the requests for the head.
    pub interval: Duration,
}

impl Poller {
    /// Polls after `first` until `stop`. Returns how many responses arrived after `counted`.
    ///
    /// # Errors
    ///
    /// If a response is not one of the feed.
    pub async fn read(
        self,
        first: Duration,
        counted: Instant,
        mut stop: watch::Receiver<bool>,
    ) -> Result<u64> {
        sleep(first).await;
        let mut connection = Connection::open(self.address).await.context("connecting")?;
        let mut due = interval(self.interval);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut at = self.request(&mut connection, "head").await?;
        let mut polls = 0;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(polls),
            }
            let head = self.request(&mut connection, "head").await?;
            polls += u64::from(Instant::now() >= counted);
            if head.rev > at.rev {
                let changes = format!("changes?since={}.{}", at.epoch, at.rev);
                at = self.request(&mut connection, &changes).await?;
            }
        }
    }

    /// Requests `what` from the feed. Returns the position after the response.
    async fn request(self, connection: &mut Connection, what: &str) -> Result<Position> {
        let path = format!("/feed/{}/{what}", self.entry);
        let response = connection.request(&get_request(&path, "")).await;
        let response = response.context("polling")?;
        let position = serde_json::from_slice::<Value>(&response.body).ok();
        position
            .as_ref()
            .filter(|_| response.status == 200)
            .and_then(Position::of)
            .ok_or_else(|| {
                Error::Unexpected(format!("{path}: {}{}", response.head, response.text()))
            })
    }
}

/// A position in a feed.
struct Position {
    epoch: String,
    rev: i64,
}

impl Position {
    /// Returns the position after a batch, or that of a head.
    fn of(response: &Value) -> Option<Self> {
        let rev = response.get("to").or_else(|| response.get("head"))?;
        Some(Self {
            epoch: response.get("epoch")?.as_str()?.to_owned(),
            rev: rev.as_i64()?,
        })
    }
}

/// Returns numbers between 0 and 1 that are distributed evenly for any count (multiples of the
/// golden ratio).
pub fn spread(number: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    #[expect(clippy::cast_precision_loss, reason = "they are thousands")]
    let position = number as f64 * GOLDEN;
    position.fract()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn position_follows_a_batch_or_a_head() {
        let head = Position::of(&json!({"epoch": "k3f9", "head": 7})).unwrap();
        assert_eq!((head.epoch.as_str(), head.rev), ("k3f9", 7));
        let batch = Position::of(&json!({"epoch": "k3f9", "head": 9, "to": 8})).unwrap();
        assert_eq!(batch.rev, 8);
        assert!(Position::of(&json!({"message": "no"})).is_none());
    }

    #[test]
    fn numbers_are_spread_evenly() {
        for tenth in 0..10 {
            let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let within = |number| (from..to).contains(&spread(number));
            assert!((0..20).any(within), "{tenth}");
        }
    }
}
