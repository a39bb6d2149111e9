//! Requests that reach Ringside behind nginx's cache, with `docs/operations/nginx.conf`: the same
//! number for any number of polling clients.

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
    Author, Better, Error, Folder, Nginx, Poller, Result, Ringside, Table, cache_configuration,
    heading, join_all, median, note, record, spread,
};

/// The numbers of clients.
const FEW: usize = 10;
const MANY: usize = 2_000;
/// How many rounds each number of clients polls, in turns, and how long they last.
const ROUNDS: usize = 2;
const ROUND: Duration = Duration::from_secs(30);
/// How long the clients poll before a round is counted: everything cacheable is cached by then.
const WARM_UP: Duration = Duration::from_secs(4);
/// How often a client polls. At this rate ten clients are enough for expired responses to be
/// fetched again within a tenth of a second. At a lower rate few clients would cause fewer
/// requests, which would show nothing.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often the author posts.
const POST: Duration = Duration::from_secs(5);

/// The results of a round.
struct Counts {
    /// Polls that were answered.
    polls: u64,
    /// Requests for the feed that reached Ringside.
    reached: usize,
}

/// Measures how many requests reach Ringside.
pub async fn run() -> Result<()> {
    heading("Requests that reach Ringside behind nginx's cache");
    let pace = INTERVAL.as_millis().to_string();
    let ringside = Ringside::start(&[
        // Logs a line for each request, with its path.
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
        cache_configuration(address, ringside.address, &folder)
    })
    .await?;
    note(format!(
        "docs/operations/nginx.conf without TLS; {FEW} and {MANY} clients by turns, {ROUNDS} rounds of {} s each after {} s of warm-up; \
         each requests the head every {} s, and the changes when it has moved; a post every {} s.",
        ROUND.as_secs(),
        WARM_UP.as_secs(),
        INTERVAL.as_secs(),
        POST.as_secs(),
    ));

    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (clients, rounds) in [(FEW, &mut few), (MANY, &mut many)] {
            let clients = PollingClients {
                clients,
                nginx: nginx.address,
                entry,
            };
            rounds.push(clients.poll(&ringside, &mut author).await?);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "they are thousands")]
    let counts = |rounds: &[Counts]| -> Vec<f64> {
        rounds.iter().map(|round| round.reached as f64).collect()
    };
    let reached = |rounds: &[Counts]| median(&counts(rounds));
    let reference = reached(&few);
    let mut table = Table::new(["clients", "polls", "reached Ringside", "ratio"]);
    for (clients, rounds) in [(FEW, &few), (MANY, &many)] {
        table.row([
            clients.to_string(),
            rounds
                .iter()
                .map(|round| round.polls)
                .sum::<u64>()
                .to_string(),
            format!("{:.1}", reached(rounds)),
            format!("{:.2}", reached(rounds) / reference),
        ]);
        record(
            &format!("requests behind nginx with {clients} pollers"),
            "in 30 s",
            Better::Lower,
            &counts(rounds),
        )?;
    }
    table.print();
    Ok(())
}

/// Polling clients of one entry, behind nginx.
#[derive(Clone, Copy)]
struct PollingClients {
    clients: usize,
    nginx: SocketAddr,
    entry: i64,
}

impl PollingClients {
    /// Polls for a round, while `author` posts.
    async fn poll(self, ringside: &Ringside, author: &mut Author) -> Result<Counts> {
        let counted = Instant::now() + WARM_UP;
        let end = counted + ROUND;
        let (gone, stop) = watch::channel(false);
        let mut clients = JoinSet::new();
        for number in 0..self.clients {
            let poller = Poller {
                address: self.nginx,
                entry: self.entry,
                interval: INTERVAL,
            };
            // The clients start at different times.
            let first = INTERVAL.mul_f64(spread(number));
            clients.spawn(poller.read(first, counted, stop.clone()));
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
        Ok(Counts {
            reached,
            polls: join_all(clients).await?.into_iter().sum(),
        })
    }
}

/// Returns how many requests for the feed have reached the server, according to its log.
fn requests_for_the_feed(ringside: &Ringside) -> Result<usize> {
    let log = ringside.log()?;
    let requests = log
        .lines()
        .filter(|line| line.contains("started processing request"));
    Ok(requests.filter(|line| line.contains("/feed/")).count())
}
