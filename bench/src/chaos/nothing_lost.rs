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
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    client::Place, client::fetch_everything, faults::Faults, faulty_proxy::FaultyProxy, records,
    writers::Writers,
};
use crate::harness::{
    Database, DatabaseKind, Error, Result, Ringside, Signal, SmallDisk, heading, note,
};

/// How often something is killed.
const KILL: Duration = Duration::from_secs(1);
/// How long a server lives at least: on a machine that starts it slowly, posts must get through, too.
const LIFE: Duration = Duration::from_millis(500);

/// How long a disk is full, or a process of PostgreSQL stands still: longer than a request waits.
const STANDSTILL: Duration = Duration::from_millis(2_500);
/// How large the disk is that is filled up.
const DISK_MEGABYTES: u32 = 192;

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
    let (mut ringside, small_disk) = match database.kind {
        DatabaseKind::SQLite => {
            Ringside::start_on_small_disk(&database.settings(), DISK_MEGABYTES)?
        }
        DatabaseKind::PostgreSQL => (Ringside::start(&database.settings())?, None),
    };
    if small_disk.is_none() && database.kind == DatabaseKind::SQLite {
        note("This system lets nobody mount a small disk: no disk is filled up.");
    }
    let entry = ringside.entry("final").await?;
    let author = ringside.author("ann").await?;
    // Nothing goes wrong on the way: it is there to be at one address.
    let network = FaultyProxy::start(ringside.address, Faults::NONE, 0).await?;
    let desk = Arc::new(Writers::new(network.address, "final", author));

    let all_posted = CancellationToken::new();
    let posts = async {
        post_all(&desk, &arguments).await?;
        all_posted.cancel();
        Ok(())
    };
    let disturbances = disturb_until(
        &all_posted,
        &mut ringside,
        &network,
        &database,
        small_disk.as_ref(),
    );
    let ((), did) = tokio::try_join!(posts, disturbances)?;
    note(format!(
        "{} posts acknowledged, {} requests repeated; {} times SIGKILL to Ringside, {} to PostgreSQL's processes; {} of those stood still in mid-transaction; the disk was full {} times.",
        arguments.posts,
        desk.retries(),
        did.servers,
        did.backends,
        did.frozen,
        did.full,
    ));
    // What is there after the last kill counts, and not what a server remembers.
    block_in_place(|| ringside.stop(Signal::Kill))?;
    block_in_place(|| ringside.start_again())?;
    let place = Place {
        network: ringside.address,
        entry,
        time_scale: 1,
        cards: Arc::default(),
    };
    let shown = fetch_everything(&place).await?;
    let acknowledged = std::mem::take(&mut *desk.acknowledged());
    acknowledged.check(&shown).map_err(Error::Violated)?;
    records::check(&database, ringside.folder(), entry, &acknowledged, &shown).await?;
    note("Proven: each of them is there once, and the database is whole.");
    Ok(())
}

/// Posts all texts, some at once.
async fn post_all(desk: &Arc<Writers>, arguments: &Arguments) -> Result<()> {
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

/// How often something was done to the server and its database.
#[derive(Debug, Default)]
struct Disturbances {
    /// The server was killed.
    servers: u32,
    /// One of PostgreSQL's processes was killed.
    backends: u32,
    /// One of PostgreSQL's processes stood still in the middle of a transaction.
    frozen: u32,
    /// The disk was full.
    full: u32,
}

/// Every second kills the server and starts it again at once, or has its database fail: a process of
/// PostgreSQL is killed or stands still, a disk is full.
async fn disturb_until(
    all_posted: &CancellationToken,
    ringside: &mut Ringside,
    network: &FaultyProxy,
    database: &Database,
    disk: Option<&SmallDisk>,
) -> Result<Disturbances> {
    let mut did = Disturbances::default();
    let mut last = Instant::now();
    for turn in 0.. {
        let due = (last + KILL).max(Instant::now() + LIFE);
        // Never in the middle: what was killed is there again when this ends.
        if timeout_at(due, all_posted.cancelled()).await.is_ok() {
            break;
        }
        last = Instant::now();
        match (turn % 4, disk) {
            (2, _) if database.kill_a_process().await? => did.backends += 1,
            (3, _) if database.freeze_a_process(STANDSTILL).await? => did.frozen += 1,
            (3, Some(disk)) => {
                block_in_place(|| disk.fill())?;
                sleep(STANDSTILL).await;
                block_in_place(|| disk.free())?;
                did.full += 1;
            }
            _ => {
                block_in_place(|| ringside.stop(Signal::Kill))?;
                block_in_place(|| ringside.start_again())?;
                network.lead_to(ringside.address);
                did.servers += 1;
            }
        }
    }
    Ok(did)
}
