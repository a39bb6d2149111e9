//! What must always be so, whatever happens: proofs on the real server, over real connections, on both
//! databases. A proof ends with exit code 0, or says what is wrong.

mod acknowledgements;
mod client;
mod clients;
mod convergence;
mod faults;
mod faulty_proxy;
mod nothing_lost;
mod records;
mod writers;

use clap::Subcommand;

use crate::harness::Result;

/// What can be proven.
#[derive(Debug, Subcommand)]
pub enum ChaosTest {
    /// Readers on a bad network, and a server that is stopped and killed: in the end every page shows
    /// what was acknowledged and nothing else, and so does the database.
    Convergence(convergence::Arguments),
    /// A server that is killed every second: what it acknowledged is there, once, and the database is
    /// whole.
    NothingLost(nothing_lost::Arguments),
}

impl ChaosTest {
    /// Proves it.
    ///
    /// # Errors
    /// With what is wrong.
    pub async fn run(self) -> Result<()> {
        match self {
            Self::Convergence(arguments) => convergence::run(arguments).await,
            Self::NothingLost(arguments) => nothing_lost::run(arguments).await,
        }
    }
}
