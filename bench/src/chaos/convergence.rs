//! Convergence: every client ends with the state of the database, despite all faults.

use std::sync::Arc;

use clap::Args;

use super::{
    arguments::ClientArguments,
    client::{ClientConfig, fetch_everything},
    clients::{Clients, Shown},
    nodes::Nodes,
    records,
    writers::Writers,
};
use crate::harness::{Database, Error, Result, Ringside, heading, note};

/// The server's poll interval, in milliseconds.
const POLL_MS: &str = "2000";

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many changes are made a second: of ten, six are posts, three edits, one a deletion.
    #[arg(long, default_value_t = 20, value_name = "CHANGES")]
    rate: u32,
    #[command(flatten)]
    with: ClientArguments,
}

/// Runs the test.
///
/// # Errors
///
/// With the first difference between a page, the acknowledgement log and the database.
pub async fn run(Arguments { rate, with }: Arguments) -> Result<()> {
    let (seed, time, seconds) = (with.seed(), with.time(), with.seconds);
    let database = Database::create(with.database).await?;
    heading(&format!("Convergence: {}", database.kind));
    note(format!(
        "{}; {rate} changes a second for {seconds} s. {}. The server is stopped four times. --seed {seed}",
        with.counts, with.faults
    ));

    let settings = [("RINGSIDE_POLL_INTERVAL_MS", POLL_MS)];
    let mut nodes = Nodes::start(database, 1, &settings, with.faults, seed).await?;
    let entry = nodes.first().entry("final").await?;
    let author = nodes.first().author("ann").await?;
    let addresses = nodes.addresses();
    let config = ClientConfig {
        address: addresses[0],
        feed: entry.to_string(),
        time_scale: with.time_scale,
        cards: Arc::default(),
    };
    let writers = Arc::new(Writers::new(addresses[0], "final", author));
    let mut clients = Clients::start(with.counts, &config, &addresses, time / 2, seed);

    let changes = usize::try_from(seconds * rate).unwrap_or(usize::MAX);
    tokio::try_join!(
        writers.make_changes(changes, rate, seed),
        nodes.restart(time)
    )?;
    nodes.disable_faults();
    let (retries, acknowledged) = (writers.retries(), writers.acknowledged().updates().len());
    note(format!(
        "{}.\n{changes} changes to {acknowledged} updates acknowledged; {retries} requests were retried.",
        nodes.report()
    ));
    nodes.check_lost()?;

    let direct = ClientConfig {
        address: nodes.first().address,
        ..config
    };
    let expected = fetch_everything(&direct).await?;
    let acknowledged = std::mem::take(&mut *writers.acknowledged());
    acknowledged.check(&expected).map_err(Error::Violated)?;
    records::check(
        nodes.database(),
        nodes.folder(),
        entry,
        &acknowledged,
        &expected,
    )
    .await?;
    let drafts = std::mem::take(&mut *writers.published());
    check_published(nodes.first(), &drafts).await?;
    clients
        .wait_until_converged(&expected, Shown::Everything, with.convergence_time())
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
