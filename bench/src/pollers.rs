//! What reaches Ringside behind nginx's cache, as `docs/operations/nginx.conf` sets it up: the same,
//! however many readers poll.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep_until},
};

use crate::rig::{
    Author, Better, Connection, Error, Folder, Nginx, Result, Ringside, Table, While,
    as_a_small_cdn, get, heading, median, note, record,
};

/// The audiences.
const FEW: usize = 10;
const MANY: usize = 2_000;
/// How often each audience polls, by turns, and for how long.
const ROUNDS: usize = 2;
const ROUND: Duration = Duration::from_secs(30);
/// How long it has polled before that is counted: everything that is kept is kept then.
const WARM_UP: Duration = Duration::from_secs(4);
/// How often a reader asks. At this pace ten readers ask often enough that what has expired is
/// fetched anew within a tenth of a second; at a slower one few readers would ask for less, which
/// proves nothing.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often the author posts.
const POST: Duration = Duration::from_secs(5);

/// What an audience did and cost.
#[derive(Default)]
struct Counts {
    /// Polls that were answered.
    polls: u64,
    /// Requests for the feed that reached Ringside.
    reached: usize,
}

/// Prints how many requests reach Ringside.
pub async fn run() -> Result<()> {
    heading("Requests that reach Ringside behind nginx's cache");
    let pace = INTERVAL.as_millis().to_string();
    let ringside = Ringside::start(&[
        // A line for each request that comes, with its path.
        ("RINGSIDE_LOG", "warn,server=info,tower_http=debug"),
        ("RINGSIDE_LOG_FORMAT", "json"),
        ("RINGSIDE_POLL_INTERVAL_MS", &pace),
        ("RINGSIDE_TRUSTED_PROXIES", "127.0.0.1"),
    ])?;
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    author.post("final").await?;
    let folder = Folder::new()?;
    let nginx = Nginx::start(&folder, |address| {
        as_a_small_cdn(address, ringside.address, &folder)
    })
    .await?;
    note(format!(
        "docs/operations/nginx.conf without TLS; {FEW} and {MANY} readers by turns, {ROUNDS} rounds of {} s each after {} s unmeasured; \
         each asks for the head every {} s, and for what changed when it moved; a post every {} s.",
        ROUND.as_secs(),
        WARM_UP.as_secs(),
        INTERVAL.as_secs(),
        POST.as_secs(),
    ));

    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (readers, rounds) in [(FEW, &mut few), (MANY, &mut many)] {
            let audience = Audience {
                readers,
                nginx: nginx.address,
                entry,
            };
            rounds.push(audience.poll(&ringside, &mut author).await?);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "they are thousands")]
    let counts = |rounds: &[Counts]| -> Vec<f64> {
        rounds.iter().map(|round| round.reached as f64).collect()
    };
    let reached = |rounds: &[Counts]| median(&counts(rounds));
    let reference = reached(&few);
    let mut table = Table::new(["readers", "polls", "reached Ringside", "ratio"]);
    for (readers, rounds) in [(FEW, &few), (MANY, &many)] {
        table.row([
            readers.to_string(),
            rounds
                .iter()
                .map(|round| round.polls)
                .sum::<u64>()
                .to_string(),
            format!("{:.1}", reached(rounds)),
            format!("{:.2}", reached(rounds) / reference),
        ]);
        record(
            &format!("requests behind nginx with {readers} pollers"),
            "in 30 s",
            Better::Lower,
            &counts(rounds),
        )?;
    }
    table.print();
    Ok(())
}

/// Readers of one entry, behind nginx.
#[derive(Clone, Copy)]
struct Audience {
    readers: usize,
    nginx: SocketAddr,
    entry: i64,
}

impl Audience {
    /// Polls for a round, while `author` posts.
    async fn poll(self, ringside: &Ringside, author: &mut Author) -> Result<Counts> {
        let counted = Instant::now() + WARM_UP;
        let end = counted + ROUND;
        let (gone, stop) = watch::channel(false);
        let mut readers = JoinSet::new();
        for number in 0..self.readers {
            // They came at different times.
            let first = INTERVAL.mul_f64(fraction(number));
            readers.spawn(self.read(first, counted, stop.clone()));
        }
        let before = async {
            sleep_until(counted.into()).await;
            requests_for_the_feed(ringside)
        };
        let posts = async {
            let mut due = interval(POST);
            due.set_missed_tick_behavior(MissedTickBehavior::Skip);
            while Instant::now() < end {
                tokio::select! {
                    _ = due.tick() => author.post("final").await?,
                    () = sleep_until(end.into()) => {}
                }
            }
            Ok::<_, Error>(())
        };
        let (before, ()) = tokio::try_join!(before, posts)?;
        let reached = requests_for_the_feed(ringside)? - before;
        gone.send_replace(true);
        let mut counts = Counts {
            reached,
            ..Counts::default()
        };
        while let Some(done) = readers.join_next().await {
            counts.polls += done.map_err(|error| Error::Unexpected(error.to_string()))??;
        }
        Ok(counts)
    }

    /// Does what a page does that has no stream; answers how often it asked from `counted` on.
    async fn read(
        self,
        first: Duration,
        counted: Instant,
        mut stop: watch::Receiver<bool>,
    ) -> Result<u64> {
        tokio::time::sleep(first).await;
        let mut reader = Connection::open(self.nginx)
            .await
            .while_doing("connecting to nginx")?;
        let mut due = interval(INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut at = self.ask(&mut reader, "head").await?;
        let mut polls = 0;
        loop {
            tokio::select! {
                _ = due.tick() => {}
                _ = stop.wait_for(|gone| *gone) => return Ok(polls),
            }
            let head = self.ask(&mut reader, "head").await?;
            polls += u64::from(Instant::now() >= counted);
            if head.rev > at.rev {
                at = self
                    .ask(
                        &mut reader,
                        &format!("changes?since={}.{}", at.epoch, at.rev),
                    )
                    .await?;
            }
        }
    }

    /// Asks the feed; where it leads to.
    async fn ask(self, reader: &mut Connection, what: &str) -> Result<Place> {
        let path = format!("/feed/{}/{what}", self.entry);
        let request = get(&path, "");
        let answer = reader.ask(&request).await.while_doing("polling")?;
        let place = serde_json::from_slice::<Value>(&answer.body).ok();
        place
            .as_ref()
            .filter(|_| answer.status == 200)
            .and_then(Place::of)
            .ok_or_else(|| Error::Unexpected(format!("{path}: {}{}", answer.head, answer.text())))
    }
}

/// Where an answer of the feed leads to.
struct Place {
    epoch: String,
    rev: i64,
}

impl Place {
    /// Of a batch, or of the head.
    fn of(answer: &Value) -> Option<Self> {
        let rev = answer.get("to").or_else(|| answer.get("head"))?;
        Some(Self {
            epoch: answer.get("epoch")?.as_str()?.to_owned(),
            rev: rev.as_i64()?,
        })
    }
}

/// How many requests for the feed have reached the server, by its log.
fn requests_for_the_feed(ringside: &Ringside) -> Result<usize> {
    let log = ringside.log()?;
    let requests = log
        .lines()
        .filter(|line| line.contains("started processing request"));
    Ok(requests.filter(|line| line.contains("/feed/")).count())
}

/// The places of numbers between 0 and 1, spread evenly however many there are (the golden ratio's
/// multiples).
fn fraction(number: usize) -> f64 {
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
    fn readers_come_at_all_times() {
        for tenth in 0..10 {
            let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
            let within = |number| (from..to).contains(&fraction(number));
            assert!((0..20).any(within), "{tenth}");
        }
    }
}
