//! The bare server of `bin/baseline.rs`, as a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
};

use crate::harness::{Connection, Error, Process, Result, While, build_folder, post};

/// A bare server, and a connection to publish on; stopped when dropped.
#[derive(Debug)]
pub struct Baseline {
    process: Process,
    address: SocketAddr,
    connection: Connection,
}

impl Baseline {
    /// Starts it.
    pub async fn start() -> Result<Self> {
        let binary = build_folder()
            .while_doing("looking for the build")?
            .join("baseline");
        let mut command = Command::new(binary);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(command)?;
        let mut port = String::new();
        if let Some(stdout) = process.child().stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut port)
                .while_doing("waiting for the bare server")?;
        }
        let port: u16 = port
            .trim()
            .parse()
            .map_err(|_| Error::Unexpected(format!("the bare server did not start: {port:?}")))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let connection = Connection::open(address).await.while_doing("connecting")?;
        Ok(Self {
            process,
            address,
            connection,
        })
    }

    /// Where it serves.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Sends `text` to all readers.
    pub async fn publish(&mut self, text: &str) -> Result<()> {
        let request = post("/", "", text);
        let answer = self.connection.ask(&request).await;
        answer.while_doing("publishing").map(drop)
    }
}
