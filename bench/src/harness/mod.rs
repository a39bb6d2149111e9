//! What every benchmark and every proof is made of: the servers, the connections that load them, and what is made of
//! the numbers.

mod clients;
mod connection;
mod database;
mod figures;
mod folder;
mod load;
mod nginx;
mod nginx_cache;
mod poller;
mod process;
mod ringside;
mod small_disk;
mod statistics;
mod table;

pub use clients::Audience;
pub use connection::{Answer, Connection, get, post};
pub use database::{Database, DatabaseKind};
pub use figures::{Better, ratios, record};
pub use folder::{Folder, build_folder};
pub use load::{CONNECTIONS, Load, Taken};
pub use nginx::{Nginx, user};
pub use nginx_cache::as_cache;
pub use poller::{Poller, spread};
pub use process::{Process, Signal, cpu_of_this_process};
pub use ringside::{Author, Ringside, login, text};
pub use small_disk::SmallDisk;
pub use statistics::{median, quantile};
pub use table::{Table, heading, note};

use std::{io, net::SocketAddr};

/// Why a benchmark can't be run, or its figures not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused something.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// A database did.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A server answered what it should not have.
    #[error("{0}")]
    Unexpected(String),
    /// Something that must always be so was not.
    #[error("DISPROVED: {0}")]
    Violated(String),
}

/// What a part of a benchmark comes to.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what was being done when the system refused.
pub trait While<T> {
    /// The same, with `what` in front of the system's words.
    fn while_doing(self, what: impl Into<String>) -> Result<T>;
}

impl<T> While<T> for io::Result<T> {
    fn while_doing(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error::Io(what.into(), error))
    }
}

/// A port that nobody listens on at the moment.
pub fn free_address() -> Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .while_doing("looking for a free port")
}
