//! The baseline server of `bin/baseline.rs`, as a separate process.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
};

use crate::harness::{Connection, Context, Error, Process, Result, build_folder, post_request};

/// A running baseline server and a connection to publish on, stopped when dropped.
#[derive(Debug)]
pub struct Baseline {
    process: Process,
    address: SocketAddr,
    connection: Connection,
}

impl Baseline {
    /// Starts the server.
    pub async fn start() -> Result<Self> {
        let binary = build_folder()
            .context("looking for the build")?
            .join("baseline");
        let mut command = Command::new(binary);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(command)?;
        let mut port = String::new();
        if let Some(stdout) = process.child().stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut port)
                .context("waiting for the bare server")?;
        }
        let port: u16 = port
            .trim()
            .parse()
            .map_err(|_| Error::Unexpected(format!("the bare server did not start: {port:?}")))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let connection = Connection::open(address).await.context("connecting")?;
        Ok(Self {
            process,
            address,
            connection,
        })
    }

    /// Returns the address that it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its process.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Sends `text` to all clients.
    pub async fn publish(&mut self, text: &str) -> Result<()> {
        let request = post_request("/", "", text);
        let response = self.connection.request(&request).await;
        response.context("publishing").map(drop)
    }
}
