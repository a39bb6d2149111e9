//! The code shared by benchmarks and chaos tests: servers, connections that load them, and
//! statistics.

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
mod reader;
mod ringside;
mod small_disk;
mod statistics;
mod table;
mod tasks;

pub use clients::StreamClients;
pub use connection::{Connection, Response, get_request, post_request, request_with_body};
pub use database::{Database, DatabaseKind};
pub use figures::{Better, ratios, record};
pub use folder::{Folder, build_folder};
pub use load::{CONNECTIONS, Load, LoadResult};
pub use nginx::{Nginx, user_directive};
pub use nginx_cache::cache_configuration;
pub use poller::{Poller, spread};
pub use process::{Process, Signal, cpu_of_this_process};
pub use reader::Reader;
pub use ringside::{Author, Ringside, login, text};
pub use small_disk::SmallDisk;
pub use statistics::{median, quantile};
pub use table::{Table, heading, note};
pub use tasks::join_all;

use std::{io, net::SocketAddr};

/// The reason why a benchmark can't be run, or its figures can't be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An I/O error.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// A database error.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// An unexpected response or condition.
    #[error("{0}")]
    Unexpected(String),
    /// A violated invariant.
    #[error("VIOLATED: {0}")]
    Violated(String),
}

/// The result of a part of a benchmark.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Adds context to I/O errors.
pub trait Context<T> {
    /// Adds `what` in front of the error message.
    fn context(self, what: impl Into<String>) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error::Io(what.into(), error))
    }
}

/// Returns an address with a port that is free at the moment.
pub fn free_address() -> Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .context("looking for a free port")
}
