//! What was acknowledged is there, once, however often the server is killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::Args;
use tokio::{
    task::{JoinSet, block_in_place},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    faults::Faults, faulty_proxy::FaultyProxy, newsdesk::Newsdesk, reader::Place,
    reader::fetch_everything, records,
};
use crate::rig::{Database, DatabaseKind, Error, Result, Ringside, Signal, heading, note};

/// How often something is killed.
const KILL: Duration = Duration::from_secs(1);
/// How long a server lives at least: on a machine that starts it slowly, posts must get through, too.
const LIFE: Duration = Duration::from_millis(500);

/// What is to be proven, and how hard it is made.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the server keeps its data in.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How many updates are posted.
    #[arg(long, default_value_t = 2_000)]
    posts: usize,
    /// How many are posted a second at most, while the server is there.
    #[arg(long, default_value_t = 100, value_name = "POSTS")]
    rate: u32,
    /// How many authors post at once.
    #[arg(long, default_value_t = 16)]
    authors: usize,
}

/// Proves it, or says what is wrong.
pub async fn run(arguments: Arguments) -> Result<()> {
    let database = Database::create(arguments.database).await?;
    heading(&format!("Nothing acknowledged is lost: {}", database.kind));
    let mut ringside = Ringside::start(&database.settings())?;
    let entry = ringside.entry("final").await?;
    let author = ringside.author("ann").await?;
    // Nothing goes wrong on the way: it is there to be at one address.
    let network = FaultyProxy::start(ringside.address, Faults::NONE, 0).await?;
    let desk = Arc::new(Newsdesk::new(network.address, "final", author));

    let all_posted = CancellationToken::new();
    let posts = async {
        post_all(&desk, &arguments).await?;
        all_posted.cancel();
        Ok(())
    };
    let kills = kill_until(&all_posted, &mut ringside, &network, &database);
    let ((), [servers, backends]) = tokio::try_join!(posts, kills)?;
    note(format!(
        "{} posts acknowledged, {} requests repeated; {servers} times SIGKILL to Ringside, {backends} to PostgreSQL's processes.",
        arguments.posts,
        desk.retries(),
    ));
    // What is there after the last kill counts, and not what a server remembers.
    block_in_place(|| ringside.stop(Signal::Kill))?;
    block_in_place(|| ringside.start_again())?;
    let place = Place {
        network: ringside.address,
        entry,
        haste: 1,
        cards: Arc::default(),
    };
    let shown = fetch_everything(&place).await?;
    let ledger = std::mem::take(&mut *desk.ledger());
    ledger.check(&shown).map_err(Error::Disproved)?;
    records::check(&database, ringside.folder(), &ledger, &shown).await?;
    note("Proven: each of them is there once, and the database is whole.");
    Ok(())
}

/// Posts all texts, some at once.
async fn post_all(desk: &Arc<Newsdesk>, arguments: &Arguments) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let (posts, authors) = (arguments.posts, arguments.authors);
    let pace = Duration::from_secs(1) / arguments.rate * u32::try_from(authors).unwrap_or(1);
    let mut tasks = JoinSet::new();
    for _ in 0..authors {
        let (desk, next) = (Arc::clone(desk), Arc::clone(&next));
        tasks.spawn(async move {
            let mut due = interval(pace);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= posts {
                    return Ok::<_, Error>(());
                }
                desk.post(number).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| Error::Unexpected(error.to_string()))??;
    }
    Ok(())
}

/// Kills the server every second and starts it again at once; every third time one of PostgreSQL's
/// processes, if that is the database. How often each was killed.
async fn kill_until(
    all_posted: &CancellationToken,
    ringside: &mut Ringside,
    network: &FaultyProxy,
    database: &Database,
) -> Result<[u32; 2]> {
    let (mut servers, mut backends) = (0, 0);
    let mut last = Instant::now();
    loop {
        let due = (last + KILL).max(Instant::now() + LIFE);
        // Never in the middle: what was killed is there again when this ends.
        if timeout_at(due, all_posted.cancelled()).await.is_ok() {
            return Ok([servers, backends]);
        }
        last = Instant::now();
        if (servers + backends) % 3 == 2 && database.kill_a_process().await? {
            backends += 1;
            continue;
        }
        block_in_place(|| ringside.stop(Signal::Kill))?;
        block_in_place(|| ringside.start_again())?;
        network.lead_to(ringside.address);
        servers += 1;
    }
}
