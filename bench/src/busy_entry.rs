//! The cost of a long entry with a post every second, compared with a short one.

use std::time::{Duration, Instant};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{interval, sleep},
};

use crate::harness::{
    Better, Connection, Context, Error, Poller, Result, Ringside, Table, get_request, heading,
    join_all, median, note, record, spread,
};

/// How many updates the entries have.
const LONG: usize = 5_000;
const SHORT: usize = 100;
/// How many pages poll, and how often.
const POLLERS: usize = 1_000;
const INTERVAL: Duration = Duration::from_secs(2);
/// How often the author posts, and how many posts are measured in a round.
const POST: Duration = Duration::from_secs(1);
const POSTS: usize = 15;
/// How long the pages poll before a round.
const WARM_UP: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// The encodings that the page is requested in after each post.
const ENCODINGS: [(&str, &str); 3] = [
    ("brotli", "accept-encoding: br\r\n"),
    ("gzip", "accept-encoding: gzip\r\n"),
    ("plain", ""),
];

/// The cost of a round.
struct Round {
    /// Processor time per second, in milliseconds.
    cpu: f64,
    /// The response times of the page in each encoding, in milliseconds.
    pages: Vec<Vec<f64>>,
}

/// Measures the processor time per second, and the response time of the page after a post.
pub async fn run() -> Result<()> {
    heading("An entry with a post every second");
    note(format!(
        "{LONG} and {SHORT} updates in turns; {POLLERS} pages poll every {} s; {ROUNDS} rounds of {POSTS} posts, one a second. \
         After each post the page is requested in three encodings at the same time.",
        INTERVAL.as_secs(),
    ));
    let mut table = Table::new([
        "updates",
        "CPU ms a second",
        "brotli ms",
        "gzip ms",
        "plain ms",
    ]);
    for updates in [LONG, SHORT] {
        let rounds = measure(updates).await?;
        let cpu: Vec<_> = rounds.iter().map(|round| round.cpu).collect();
        let page = |encoding: usize| {
            let times: Vec<_> = rounds
                .iter()
                .filter_map(|round| round.pages.get(encoding))
                .map(|times| median(times))
                .collect();
            format!("{:.1}", median(&times))
        };
        record(
            &format!("busy entry of {updates} updates"),
            "ms of processor a second",
            Better::Lower,
            &cpu,
        )?;
        table.row([
            updates.to_string(),
            format!("{:.0}", median(&cpu)),
            page(0),
            page(1),
            page(2),
        ]);
    }
    table.print();
    Ok(())
}

async fn measure(updates: usize) -> Result<Vec<Round>> {
    let ringside = Ringside::start(&[])?;
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..updates {
        author.post("final").await?;
    }
    let (stopping, stop) = watch::channel(false);
    let mut pollers = JoinSet::new();
    let start = Instant::now();
    for number in 0..POLLERS {
        let poller = Poller {
            address: ringside.address,
            entry,
            interval: INTERVAL,
        };
        pollers.spawn(poller.read(INTERVAL.mul_f64(spread(number)), start, stop.clone()));
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        sleep(WARM_UP).await;
        let (cpu, begun) = (ringside.cpu(), Instant::now());
        let mut pages = vec![Vec::new(); ENCODINGS.len()];
        let mut due = interval(POST);
        for _ in 0..POSTS {
            due.tick().await;
            author.post("final").await?;
            let [brotli, gzip, plain] = ENCODINGS.map(|(_, headers)| page(&ringside, headers));
            let (brotli, gzip, plain) = tokio::try_join!(brotli, gzip, plain)?;
            for (times, time) in pages.iter_mut().zip([brotli, gzip, plain]) {
                times.push(time);
            }
        }
        due.tick().await;
        let used = ringside.cpu().saturating_sub(cpu);
        rounds.push(Round {
            cpu: used.as_secs_f64() * 1e3 / begun.elapsed().as_secs_f64(),
            pages,
        });
    }
    stopping.send_replace(true);
    join_all(pollers).await?;
    Ok(rounds)
}

/// Requests the page. Returns the response time, in milliseconds.
async fn page(ringside: &Ringside, headers: &str) -> Result<f64> {
    let mut connection = Connection::open(ringside.address)
        .await
        .context("connecting")?;
    let start = Instant::now();
    let request = get_request("/entries/final", headers);
    let (status, _) = connection
        .request_and_discard(&request)
        .await
        .context("requesting the page")?;
    match status {
        200 => Ok(start.elapsed().as_secs_f64() * 1e3),
        _ => Err(Error::Unexpected(format!("the page: {status}"))),
    }
}
