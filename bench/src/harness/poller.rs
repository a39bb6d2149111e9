//! A reader's page that polls.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{Connection, Error, Result, While, get};

/// A page without a stream: it requests the head of its entry's feed, and what changed when it moved.
#[derive(Clone, Copy, Debug)]
pub struct Poller {
    /// The server, or the proxy before it.
    pub address: SocketAddr,
    /// The number of the entry.
    pub entry: i64,
    /// How long it waits between two requests for the head.
    pub interval: Duration,
}

impl Poller {
    /// Polls from `first` on until `stop`. Returns how many polls were answered from `counted` on.
    ///
    /// # Errors
    /// If an answer is no answer of the feed.
    pub async fn read(
        self,
        first: Duration,
        counted: Instant,
        mut stop: watch::Receiver<bool>,
    ) -> Result<u64> {
        sleep(first).await;
        let mut connection = Connection::open(self.address)
            .await
            .while_doing("connecting")?;
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

    /// Requests `what` of the feed. Returns the place that the answer leads to.
    async fn request(self, connection: &mut Connection, what: &str) -> Result<Place> {
        let path = format!("/feed/{}/{what}", self.entry);
        let answer = connection.ask(&get(&path, "")).await;
        let answer = answer.while_doing("polling")?;
        let place = serde_json::from_slice::<Value>(&answer.body).ok();
        place
            .as_ref()
            .filter(|_| answer.status == 200)
            .and_then(Place::of)
            .ok_or_else(|| Error::Unexpected(format!("{path}: {}{}", answer.head, answer.text())))
    }
}

/// A place in a feed.
struct Place {
    epoch: String,
    rev: i64,
}

impl Place {
    /// Returns where a batch leads to, or where the head is.
    fn of(answer: &Value) -> Option<Self> {
        let rev = answer.get("to").or_else(|| answer.get("head"))?;
        Some(Self {
            epoch: answer.get("epoch")?.as_str()?.to_owned(),
            rev: rev.as_i64()?,
        })
    }
}

/// Returns places between 0 and 1 that are spread evenly, however many numbers are used (the multiples
/// of the golden ratio).
pub fn spread(number: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    #[expect(clippy::cast_precision_loss, reason = "they are thousands")]
    let place = number as f64 * GOLDEN;
    place.fract()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_and_the_head_say_where_they_lead() {
        let head = Place::of(&json!({"epoch": "k3f9", "head": 7})).unwrap();
        assert_eq!((head.epoch.as_str(), head.rev), ("k3f9", 7));
        let batch = Place::of(&json!({"epoch": "k3f9", "head": 9, "to": 8})).unwrap();
        assert_eq!(batch.rev, 8);
        assert!(Place::of(&json!({"message": "no"})).is_none());
    }

    #[test]
    fn places_are_spread_evenly() {
        for tenth in 0..10 {
            let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let within = |number| (from..to).contains(&spread(number));
            assert!((0..20).any(within), "{tenth}");
        }
    }
}
