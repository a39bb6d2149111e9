//! Every reader ends with the truth, whatever happens on the way.

use std::{sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    task::block_in_place,
    time::{Instant, sleep, sleep_until},
};

use super::{
    client::{Place, fetch_everything},
    clients::{Audience, Sizes},
    faults::Faults,
    faulty_proxy::FaultyProxy,
    records,
    writers::Writers,
};
use crate::harness::{Database, DatabaseKind, Error, Result, Ringside, Signal, heading, note};

/// How often readers ask that poll, in milliseconds of the server's setting.
const POLL_MS: &str = "2000";
/// How long the server is away when it is stopped: long enough that everybody notices.
const AWAY: Duration = Duration::from_millis(500);
/// How the server is stopped, in equal parts of the time.
const STOPS: [Signal; 4] = [
    Signal::Terminate,
    Signal::Kill,
    Signal::Terminate,
    Signal::Kill,
];
/// How long readers may take to agree at the end, in seconds of their clock: the 40 s after which a
/// page gives up a stream that says nothing, the 30 s after which at the latest it tries again, the
/// 10 s that a question may take, and as much again for a busy machine.
const PATIENCE: u64 = 160;

/// What is to be proven, and how hard it is made.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the server keeps its data in.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How long changes are made, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many changes are made a second: of ten, six are new, three edits, one a deletion.
    #[arg(long, default_value_t = 20, value_name = "CHANGES")]
    rate: u32,
    /// How much faster the clock of readers runs: at 2, they give up a silent stream after 20 s, where
    /// pages do after 40 s.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10), value_name = "FACTOR")]
    time_scale: u32,
    #[command(flatten)]
    sizes: Sizes,
    #[command(flatten)]
    faults: Faults,
    /// What decides by chance; another one every time, if none is given.
    #[arg(long)]
    seed: Option<u64>,
}

/// Proves it, or says what is wrong.
pub async fn run(arguments: Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let Arguments { seconds, rate, .. } = arguments;
    let time = Duration::from_secs(seconds.into());
    let database = Database::create(arguments.database).await?;
    heading(&format!(
        "Every reader ends with the truth: {}",
        database.kind
    ));
    note(format!(
        "{}; {rate} changes a second for {seconds} s. {}. The server is stopped four times. --seed {seed}",
        arguments.sizes, arguments.faults
    ));

    let mut settings = database.settings();
    settings.push(("RINGSIDE_POLL_INTERVAL_MS", POLL_MS));
    let mut ringside = Ringside::start(&settings)?;
    let entry = ringside.entry("final").await?;
    let author = ringside.author("ann").await?;
    let network = FaultyProxy::start(ringside.address, arguments.faults, seed).await?;
    let place = Place {
        network: network.address,
        entry,
        time_scale: arguments.time_scale,
        cards: Arc::default(),
    };
    let desk = Arc::new(Writers::new(network.address, "final", author));
    let mut audience = Audience::gather(arguments.sizes, &place, time / 2, seed);

    let changes = usize::try_from(seconds * rate).unwrap_or(usize::MAX);
    tokio::try_join!(
        desk.work(changes, rate, seed),
        stop_and_start(&mut ringside, &network, &database, time)
    )?;
    network.mend();
    let (retries, acknowledged) = (desk.retries(), desk.acknowledged().updates().len());
    note(format!(
        "{}.\n{changes} changes acknowledged, to {acknowledged} updates; {retries} requests were repeated.",
        network.report()
    ));
    network.check_lost()?;

    let direct = Place {
        network: ringside.address,
        ..place
    };
    let truth = fetch_everything(&direct).await?;
    let acknowledged = std::mem::take(&mut *desk.acknowledged());
    acknowledged.check(&truth).map_err(Error::Violated)?;
    records::check(&database, ringside.folder(), entry, &acknowledged, &truth).await?;
    let drafts = std::mem::take(&mut *desk.published());
    check_published(&ringside, &drafts).await?;
    let patience = Duration::from_secs(PATIENCE) / arguments.time_scale;
    audience.agree(&truth, patience).await?;
    note(format!(
        "Proven: {} updates, the same on every page, in the log and in the database; and {} drafts that were published.",
        truth.len(),
        drafts.len()
    ));
    Ok(())
}

/// Checks that the page of each entry that was a draft shows each of its texts once.
async fn check_published(ringside: &Ringside, drafts: &[(String, Vec<usize>)]) -> Result<()> {
    for (slug, texts) in drafts {
        let page = ringside.ask(&format!("/entries/{slug}"), "").await?.text();
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

/// Stops the server four times within `time`, and starts it again on the same data. The first time the
/// database is given another epoch, and all pages must be loaded anew: early, because that would also
/// heal whatever else went wrong with them before.
async fn stop_and_start(
    ringside: &mut Ringside,
    network: &FaultyProxy,
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
        sleep(AWAY).await;
        block_in_place(|| ringside.start_again())?;
        network.lead_to(ringside.address);
    }
    Ok(())
}
