//! What reaches Ringside behind nginx's cache, as `docs/operations/nginx.conf` sets it up: the same,
//! however many readers poll.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep_until},
};

use crate::harness::{
    Author, Better, Error, Folder, Nginx, Poller, Result, Ringside, Table, as_cache, heading,
    median, note, record, spread,
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
        as_cache(address, ringside.address, &folder)
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
            let poller = Poller {
                address: self.nginx,
                entry: self.entry,
                interval: INTERVAL,
            };
            // They came at different times.
            let first = INTERVAL.mul_f64(spread(number));
            readers.spawn(poller.read(first, counted, stop.clone()));
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
}

/// How many requests for the feed have reached the server, by its log.
fn requests_for_the_feed(ringside: &Ringside) -> Result<usize> {
    let log = ringside.log()?;
    let requests = log
        .lines()
        .filter(|line| line.contains("started processing request"));
    Ok(requests.filter(|line| line.contains("/feed/")).count())
}
