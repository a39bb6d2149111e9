//! Convergence: every client ends with the state of the database, despite all faults.

use std::{sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    task::block_in_place,
    time::{Instant, sleep, sleep_until},
};

use super::{
    client::{ClientConfig, fetch_everything},
    clients::{ClientCounts, Clients, Shown},
    faults::Faults,
    faulty_proxy::FaultyProxy,
    records,
    writers::Writers,
};
use crate::harness::{Database, DatabaseKind, Error, Result, Ringside, Signal, heading, note};

/// The server's poll interval, in milliseconds.
const POLL_MS: &str = "2000";
/// How long the server is down when it is stopped: long enough for every client to notice.
const DOWNTIME: Duration = Duration::from_millis(500);
/// How the server is stopped, at regular intervals.
const STOPS: [Signal; 4] = [
    Signal::Terminate,
    Signal::Kill,
    Signal::Terminate,
    Signal::Kill,
];
/// How long clients may take to converge, in seconds of their clock: 40 s until a page gives up a
/// silent stream, at most 30 s until it retries, 10 s for a request, and the same again for a busy
/// machine.
pub const CONVERGENCE_SECONDS: u64 = 160;

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The database of the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How long changes are made, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many changes are made a second: of ten, six are posts, three edits, one a deletion.
    #[arg(long, default_value_t = 20, value_name = "CHANGES")]
    rate: u32,
    /// How much faster the clients' clock runs: at 2, they give up a silent stream after 20 s,
    /// while pages do after 40 s.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10), value_name = "FACTOR")]
    time_scale: u32,
    #[command(flatten)]
    counts: ClientCounts,
    #[command(flatten)]
    faults: Faults,
    /// The seed of all random decisions; random if omitted.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the test.
///
/// # Errors
///
/// With the first difference between a page, the acknowledgement log and the database.
pub async fn run(arguments: Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let Arguments { seconds, rate, .. } = arguments;
    let time = Duration::from_secs(seconds.into());
    let database = Database::create(arguments.database).await?;
    heading(&format!("Convergence: {}", database.kind));
    note(format!(
        "{}; {rate} changes a second for {seconds} s. {}. The server is stopped four times. --seed {seed}",
        arguments.counts, arguments.faults
    ));

    let mut settings = database.settings();
    settings.push(("RINGSIDE_POLL_INTERVAL_MS", POLL_MS));
    let mut ringside = Ringside::start(&settings)?;
    let entry = ringside.entry("final").await?;
    let author = ringside.author("ann").await?;
    let proxy = FaultyProxy::start(ringside.address, arguments.faults, seed).await?;
    let config = ClientConfig {
        address: proxy.address,
        feed: entry.to_string(),
        time_scale: arguments.time_scale,
        cards: Arc::default(),
    };
    let writers = Arc::new(Writers::new(proxy.address, "final", author));
    let mut clients = Clients::start(arguments.counts, &config, time / 2, seed);

    let changes = usize::try_from(seconds * rate).unwrap_or(usize::MAX);
    tokio::try_join!(
        writers.make_changes(changes, rate, seed),
        restart_server(&mut ringside, &proxy, &database, time)
    )?;
    proxy.disable_faults();
    let (retries, acknowledged) = (writers.retries(), writers.acknowledged().updates().len());
    note(format!(
        "{}.\n{changes} changes to {acknowledged} updates acknowledged; {retries} requests were retried.",
        proxy.report()
    ));
    proxy.check_lost()?;

    let direct = ClientConfig {
        address: ringside.address,
        ..config
    };
    let expected = fetch_everything(&direct).await?;
    let acknowledged = std::mem::take(&mut *writers.acknowledged());
    acknowledged.check(&expected).map_err(Error::Violated)?;
    records::check(
        &database,
        ringside.folder(),
        entry,
        &acknowledged,
        &expected,
    )
    .await?;
    let drafts = std::mem::take(&mut *writers.published());
    check_published(&ringside, &drafts).await?;
    let timeout = Duration::from_secs(CONVERGENCE_SECONDS) / arguments.time_scale;
    clients
        .wait_until_converged(&expected, Shown::Everything, timeout)
        .await?;
    note(format!(
        "Passed: {} updates are the same on every page, in the acknowledgement log and in the database; {} drafts were published.",
        expected.len(),
        drafts.len()
    ));
    Ok(())
}

/// Checks that the page of each published draft shows each of its texts once.
async fn check_published(ringside: &Ringside, drafts: &[(String, Vec<usize>)]) -> Result<()> {
    for (slug, texts) in drafts {
        let page = ringside.get(&format!("/entries/{slug}"), "").await?.text();
        for number in texts {
            let shown = page.matches(&format!("No. {number}: ")).count();
            if shown != 1 {
                return Err(Error::Violated(format!(
                    "{slug} shows its text No. {number} {shown} times"
                )));
            }
        }
    }
    Ok(())
}

/// Stops the server four times within `time`, and starts it again on the same data. The first time,
/// the database gets another epoch, and all pages must reload everything. This happens early,
/// because a reload would also repair any earlier fault in a page.
pub async fn restart_server(
    ringside: &mut Ringside,
    proxy: &FaultyProxy,
    database: &Database,
    time: Duration,
) -> Result<()> {
    let start = Instant::now();
    for (number, signal) in (1..).zip(STOPS) {
        sleep_until(start + time * number / 5).await;
        block_in_place(|| ringside.stop(signal))?;
        if number == 1 {
            records::add_corrupt_entry(database, ringside.folder()).await?;
            records::begin_epoch(database, ringside.folder()).await?;
        }
        sleep(DOWNTIME).await;
        block_in_place(|| ringside.start_again())?;
        proxy.forward_to(ringside.address);
    }
    Ok(())
}
