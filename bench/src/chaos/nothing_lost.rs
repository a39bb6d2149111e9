//! Nothing lost: every acknowledged post is stored once, with its last acknowledged text, however
//! often the server is killed, while almost half of the responses are lost or replaced.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::Args;
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    task::{JoinSet, block_in_place},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    client::ClientConfig, client::fetch_everything, faults::Faults, faulty_proxy::FaultyProxy,
    records, writers::Writers,
};
use crate::harness::{
    Database, DatabaseKind, Error, Result, Ringside, Signal, SmallDisk, heading, join_all, note,
};

/// How often a failure is injected.
const FAILURE_INTERVAL: Duration = Duration::from_secs(1);
/// How long the server runs at least, so that posts are accepted even on a slow machine.
const MIN_UPTIME: Duration = Duration::from_millis(500);

/// How long a disk is full, or a process of PostgreSQL suspended: longer than a request waits.
const FAILURE_TIME: Duration = Duration::from_millis(2_500);
/// The size of the disk that is filled, in megabytes.
const DISK_MEGABYTES: u32 = 192;

/// One edit follows this many posts.
const POSTS_PER_EDIT: usize = 4;
/// The number of the first text of edits; posts have lower numbers.
const EDITED_TEXTS: usize = 1_000_000;
/// The percentage of responses that must have been lost or replaced.
const MIN_LOST_PERCENT: u64 = 40;

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The database of the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How many updates are posted.
    #[arg(long, default_value_t = 2_000)]
    posts: usize,
    /// The maximum number of posts a second, while the server is running.
    #[arg(long, default_value_t = 100, value_name = "POSTS")]
    rate: u32,
    /// How many authors post at the same time.
    #[arg(long, default_value_t = 48)]
    authors: usize,
}

/// Runs the test.
///
/// # Errors
///
/// With the first acknowledged post that is lost, duplicated or changed.
pub async fn run(arguments: Arguments) -> Result<()> {
    let database = Database::create(arguments.database).await?;
    heading(&format!("Nothing lost: {}", database.kind));
    let (mut ringside, small_disk) = match database.kind {
        DatabaseKind::SQLite => {
            Ringside::start_on_small_disk(&database.settings(), DISK_MEGABYTES)?
        }
        DatabaseKind::PostgreSQL => (Ringside::start(&database.settings())?, None),
    };
    if small_disk.is_none() && database.kind == DatabaseKind::SQLite {
        note("This system does not allow mounting a small disk, so no disk is filled.");
    }
    let entry = ringside.entry("final").await?;
    let author = ringside.author("ann").await?;
    let faults = Faults::LOST_RESPONSES;
    note(format!("{faults}."));
    let proxy = FaultyProxy::start(ringside.address, faults, 0).await?;
    let writers = Arc::new(Writers::new(proxy.address, "final", author));

    let all_posted = CancellationToken::new();
    let posts = async {
        post_all(&writers, &arguments).await?;
        all_posted.cancel();
        Ok(())
    };
    let failures = inject_failures_until(
        &all_posted,
        &mut ringside,
        &proxy,
        &database,
        small_disk.as_ref(),
    );
    let ((), failures) = tokio::try_join!(posts, failures)?;
    note(proxy.report());
    let lost = proxy.lost_percent();
    if lost < MIN_LOST_PERCENT {
        return Err(Error::Unexpected(format!(
            "only {lost} % of the responses were lost"
        )));
    }
    note(format!(
        "{} posts and {} edits acknowledged, {} requests retried; SIGKILL {} times to Ringside, {} times to a process of PostgreSQL; {} of its processes suspended in mid-transaction; the disk was full {} times.",
        arguments.posts,
        arguments.posts / POSTS_PER_EDIT,
        writers.retries(),
        failures.server_kills,
        failures.backend_kills,
        failures.backend_suspensions,
        failures.full_disks,
    ));
    // Kills the server once more, so that only the database counts, not the server's memory.
    block_in_place(|| ringside.stop(Signal::Kill))?;
    block_in_place(|| ringside.start_again())?;
    let config = ClientConfig {
        address: ringside.address,
        feed: entry.to_string(),
        time_scale: 1,
        cards: Arc::default(),
    };
    let page = fetch_everything(&config).await?;
    let acknowledged = std::mem::take(&mut *writers.acknowledged());
    acknowledged.check(&page).map_err(Error::Violated)?;
    records::check(&database, ringside.folder(), entry, &acknowledged, &page).await?;
    note("Passed: each of them is stored once, and the database is intact.");
    Ok(())
}

/// Posts all texts, several at the same time, and edits some of them.
async fn post_all(writers: &Arc<Writers>, arguments: &Arguments) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let (posts, authors) = (arguments.posts, arguments.authors);
    let pace = Duration::from_secs(1) / arguments.rate * u32::try_from(authors).unwrap_or(1);
    let mut tasks = JoinSet::new();
    for author in 0..authors {
        let (writers, next) = (Arc::clone(writers), Arc::clone(&next));
        let mut rng = StdRng::seed_from_u64(author as u64);
        tasks.spawn(async move {
            let mut due = interval(pace);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= posts {
                    return Ok::<_, Error>(());
                }
                writers.post(number).await?;
                if number % POSTS_PER_EDIT == POSTS_PER_EDIT - 1 {
                    let id = writers.acknowledged().reserve_for_edit(&mut rng);
                    // There is one: this author's post is not reserved by anyone but an author who
                    // has posted more since.
                    if let Some(id) = id {
                        writers.edit(id, EDITED_TEXTS + number).await?;
                    }
                }
            }
        });
    }
    join_all(tasks).await.map(drop)
}

/// How often each failure was injected.
#[derive(Debug, Default)]
struct Failures {
    /// The server was killed.
    server_kills: u32,
    /// One of PostgreSQL's processes was killed.
    backend_kills: u32,
    /// One of PostgreSQL's processes was suspended in the middle of a transaction.
    backend_suspensions: u32,
    /// The disk was full.
    full_disks: u32,
}

/// Injects a failure every second: kills the server and restarts it, kills or suspends a process of
/// PostgreSQL, or fills the disk.
async fn inject_failures_until(
    all_posted: &CancellationToken,
    ringside: &mut Ringside,
    proxy: &FaultyProxy,
    database: &Database,
    disk: Option<&SmallDisk>,
) -> Result<Failures> {
    let mut failures = Failures::default();
    let mut last = Instant::now();
    for turn in 0.. {
        let due = (last + FAILURE_INTERVAL).max(Instant::now() + MIN_UPTIME);
        // Failures are never interrupted: everything that was killed is running again when this
        // returns.
        if timeout_at(due, all_posted.cancelled()).await.is_ok() {
            break;
        }
        last = Instant::now();
        match (turn % 4, disk) {
            (2, _) if database.kill_process().await? => failures.backend_kills += 1,
            (3, _) if database.suspend_process(FAILURE_TIME).await? => {
                failures.backend_suspensions += 1;
            }
            (3, Some(disk)) => {
                block_in_place(|| disk.fill())?;
                sleep(FAILURE_TIME).await;
                block_in_place(|| disk.free())?;
                failures.full_disks += 1;
            }
            _ => {
                block_in_place(|| ringside.stop(Signal::Kill))?;
                block_in_place(|| ringside.start_again())?;
                proxy.forward_to(ringside.address);
                failures.server_kills += 1;
            }
        }
    }
    Ok(failures)
}
