//! The parameters that tests with clients share.

use std::time::Duration;

use clap::Args;

use super::{clients::ClientCounts, faults::Faults};
use crate::harness::DatabaseKind;

/// How long clients may take to converge, in seconds of their clock: 40 s until a page gives up a
/// silent stream, at most 30 s until it retries, 10 s for a request, and the same again for a busy
/// machine.
const CONVERGENCE_SECONDS: u64 = 160;

/// The parameters.
#[derive(Debug, Args)]
pub struct ClientArguments {
    /// The database.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub database: DatabaseKind,
    /// How long changes are made, in seconds.
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
    /// How much faster the clients' clock runs: at 2, they give up a silent stream after 20 s,
    /// while pages do after 40 s.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10), value_name = "FACTOR")]
    pub time_scale: u32,
    /// The clients.
    #[command(flatten)]
    pub counts: ClientCounts,
    /// The network.
    #[command(flatten)]
    pub faults: Faults,
    /// The seed of all random decisions; random if omitted.
    #[arg(long)]
    seed: Option<u64>,
}

impl ClientArguments {
    /// Returns the seed, or a random one.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(rand::random)
    }

    /// Returns how long changes are made.
    pub const fn time(&self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// Returns how long clients may take to converge.
    pub fn convergence_time(&self) -> Duration {
        Duration::from_secs(CONVERGENCE_SECONDS) / self.time_scale
    }
}
