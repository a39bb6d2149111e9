//! Likes: hundreds of voters like updates and take likes back, while responses are lost and the
//! server is killed every five seconds. At the end the likes in the database, their counts, and the
//! counts that a client receives are exactly those that were acknowledged.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use clap::Args;
use domain::UpdateId;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval_at},
};

use super::{
    client::{ClientConfig, fetch_everything},
    faults::Faults,
    nodes::Nodes,
    records,
    voter::{LikesByVoter, Voter, check_likes},
};
use crate::harness::{Database, DatabaseKind, Result, Ringside, heading, join_all, note};

/// How many updates are liked.
const UPDATES: usize = 20;
/// How often the server is killed.
const KILL_INTERVAL: Duration = Duration::from_secs(5);

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The database of the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How long the voters like, in seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// How many voters there are.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    voters: u32,
    /// How many likes are set or taken back a second, at most.
    #[arg(long, default_value_t = 2_000, value_name = "LIKES", value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// The seed of all random decisions; random if omitted.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the test.
///
/// # Errors
///
/// With the first like that differs from what was acknowledged.
pub async fn run(arguments: Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let time = Duration::from_secs(arguments.seconds.into());
    let database = Database::create(arguments.database).await?;
    heading(&format!("Likes: {}", database.kind));
    let faults = Faults::LOST_RESPONSES;
    note(format!(
        "{} voters of {UPDATES} updates for {} s, {} requests a second at most. {faults}. The server is killed every {} s. --seed {seed}",
        arguments.voters,
        arguments.seconds,
        arguments.rate,
        KILL_INTERVAL.as_secs()
    ));

    let mut nodes = Nodes::start(database, 1, &[], faults, seed).await?;
    let (entry, updates) = new_entry(nodes.first()).await?;
    let storm = Storm {
        address: nodes.addresses()[0],
        updates,
        pause: Duration::from_secs(1) * arguments.voters / arguments.rate,
        time,
    };
    let ((likes, requests), kills) = tokio::try_join!(
        storm.run(arguments.voters, seed),
        nodes.kill_every(KILL_INTERVAL, time)
    )?;
    nodes.disable_faults();
    note(format!(
        "{}.\n{requests} requests acknowledged, {} a second; SIGKILL {kills} times.",
        nodes.report(),
        requests / u64::from(arguments.seconds.max(1)),
    ));
    nodes.check_lost()?;
    // Kills the server once more, so that only the database counts, not the server's memory.
    nodes.kill()?;
    let likes_counted = check_likes(&nodes, entry, &likes).await?;
    records::check_files(nodes.database(), nodes.folder()).await?;
    note(format!(
        "Passed: {likes_counted} likes of {} voters are the same in the acknowledgements, in the database and in the counts.",
        likes.len()
    ));
    Ok(())
}

/// Creates an entry with some updates. Returns its number and their ids.
async fn new_entry(ringside: &Ringside) -> Result<(i64, Vec<UpdateId>)> {
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    let config = ClientConfig {
        address: ringside.address,
        feed: entry.to_string(),
        time_scale: 1,
        cards: std::sync::Arc::default(),
    };
    let updates = fetch_everything(&config).await?;
    Ok((entry, updates.into_keys().collect()))
}

/// Many voters.
#[derive(Clone, Debug)]
struct Storm {
    address: SocketAddr,
    updates: Vec<UpdateId>,
    /// The time between two likes of a voter.
    pause: Duration,
    time: Duration,
}

impl Storm {
    /// Lets all voters like. Returns the acknowledged likes, and the number of requests that were
    /// acknowledged.
    async fn run(&self, voters: u32, seed: u64) -> Result<(LikesByVoter, u64)> {
        let mut tasks = JoinSet::new();
        for number in 0..voters {
            let rng = StdRng::seed_from_u64(seed.wrapping_add(number.into()));
            tasks.spawn(self.clone().vote(number, rng));
        }
        let (mut likes, mut requests) = (LikesByVoter::new(), 0);
        for (voter, acknowledged) in join_all(tasks).await? {
            requests += acknowledged;
            likes.extend(voter.into_likes());
        }
        Ok((likes, requests))
    }

    /// Lets one voter like. Returns the voter, and the number of acknowledged requests.
    async fn vote(self, number: u32, mut rng: StdRng) -> Result<(Voter, u64)> {
        let mut voter = Voter::on_one_connection(self.address, number);
        let start = Instant::now();
        let first = start + self.pause.mul_f64(rng.random());
        let mut due = interval_at(first.into(), self.pause);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut requests = 0;
        loop {
            due.tick().await;
            if start.elapsed() >= self.time {
                return Ok((voter, requests));
            }
            let update = self.updates[rng.random_range(0..self.updates.len())];
            voter.toggle(update).await?;
            requests += 1;
        }
    }
}
