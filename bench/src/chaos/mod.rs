//! Chaos tests: invariants checked on the real server, over real connections, on both databases,
//! while faults are injected. A test ends with exit code 0, or prints what is wrong.

mod acknowledgements;
mod arguments;
mod audience;
mod client;
mod clients;
mod convergence;
mod edits;
mod faults;
mod faulty_proxy;
mod guest;
mod likes;
mod nodes;
mod nothing_lost;
mod records;
mod retrying_author;
mod voter;
mod writers;

use clap::Subcommand;

use crate::harness::Result;

/// The chaos tests.
#[derive(Debug, Subcommand)]
pub enum ChaosTest {
    /// Clients on an unreliable network, and a server that is stopped and killed: at the end every
    /// page and the database contain exactly what was acknowledged.
    Convergence(convergence::Arguments),
    /// Readers who chat in two rooms and like updates, moderators who delete and mute, on an
    /// unreliable network, and servers that are stopped and killed: at the end every page, the
    /// acknowledgements and the database agree.
    Audience(audience::Arguments),
    /// Hundreds of voters who like updates and take likes back, and a server that is killed every
    /// five seconds: at the end the counts are exactly those that were acknowledged.
    Likes(likes::Arguments),
    /// A server that is killed every second: each acknowledged post is stored once, and the
    /// database is intact.
    NothingLost(nothing_lost::Arguments),
    /// Authors who edit one update at the same time, on two servers and an unreliable network: each
    /// edit that was acknowledged replaced a text that its author had seen.
    Edits(edits::Arguments),
}

impl ChaosTest {
    /// Runs the test.
    ///
    /// # Errors
    ///
    /// With the first violation.
    pub async fn run(self) -> Result<()> {
        match self {
            Self::Convergence(arguments) => convergence::run(arguments).await,
            Self::Audience(arguments) => audience::run(arguments).await,
            Self::Likes(arguments) => likes::run(arguments).await,
            Self::NothingLost(arguments) => nothing_lost::run(arguments).await,
            Self::Edits(arguments) => edits::run(arguments).await,
        }
    }
}
