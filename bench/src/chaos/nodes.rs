//! The servers of a test, which share a database, each behind a network of its own.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    task::block_in_place,
    time::{Instant, sleep, sleep_until},
};

use super::{faults::Faults, faulty_proxy::FaultyProxy, records};
use crate::harness::{Database, DatabaseKind, Error, Folder, Result, Ringside, Signal};

/// How long the only server is down when it is stopped: long enough for every client to notice.
const DOWNTIME: Duration = Duration::from_millis(500);
/// How the servers are stopped, at regular intervals.
const STOPS: [Signal; 4] = [
    Signal::Terminate,
    Signal::Kill,
    Signal::Terminate,
    Signal::Kill,
];

/// Servers that share a database.
#[derive(Debug)]
pub struct Nodes {
    database: Database,
    nodes: Vec<Node>,
}

/// A server, and the proxy through which its clients connect.
#[derive(Debug)]
struct Node {
    ringside: Ringside,
    proxy: FaultyProxy,
}

impl Nodes {
    /// Starts `count` servers with additional `settings`, each behind a proxy that injects
    /// `faults`.
    ///
    /// # Errors
    ///
    /// If there are several on SQLite, which the tests support with one server only.
    pub async fn start(
        database: Database,
        count: usize,
        settings: &[(&str, &str)],
        faults: Faults,
        seed: u64,
    ) -> Result<Self> {
        if count > 1 && database.kind == DatabaseKind::SQLite {
            let sentence = "several nodes need PostgreSQL: --database postgres";
            return Err(Error::Unexpected(sentence.to_owned()));
        }
        let mut all = database.settings();
        all.extend(settings);
        let mut nodes = Vec::new();
        for number in 0..count.max(1) {
            let ringside = Ringside::start(&all)?;
            let seed = seed.wrapping_add(number as u64);
            let proxy = FaultyProxy::start(ringside.address, faults, seed).await?;
            nodes.push(Node { ringside, proxy });
        }
        Ok(Self { database, nodes })
    }

    /// Returns the first server.
    pub fn first(&self) -> &Ringside {
        &self.nodes[0].ringside
    }

    /// Returns all servers.
    pub fn servers(&self) -> impl Iterator<Item = &Ringside> {
        self.nodes.iter().map(|node| &node.ringside)
    }

    /// Returns the database.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Returns the folder of the first server, which contains the file of an SQLite database.
    pub fn folder(&self) -> &Folder {
        self.first().folder()
    }

    /// Returns the address of the network in front of each server. It stays the same.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.proxy.address).collect()
    }

    /// Injects no faults from now on.
    pub fn disable_faults(&self) {
        for node in &self.nodes {
            node.proxy.disable_faults();
        }
    }

    /// Returns the number of connections and of each fault, a line for each server.
    pub fn report(&self) -> String {
        let reports: Vec<_> = self.nodes.iter().map(|node| node.proxy.report()).collect();
        reports.join(".\n")
    }

    /// Checks that enough responses were lost.
    ///
    /// # Errors
    ///
    /// With the numbers.
    pub fn check_lost(&self) -> Result<()> {
        self.nodes
            .iter()
            .try_for_each(|node| node.proxy.check_lost())
    }

    /// Stops the servers four times within `time`, and starts them again on the same data. The
    /// first time all of them are stopped, and the database gets another epoch, so that all pages
    /// must reload everything. This happens early, because a reload would also repair any earlier
    /// fault in a page. After that one is stopped at a time, and its clients use the next one.
    pub async fn restart(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        for (number, signal) in (1..).zip(STOPS) {
            sleep_until(start + time * number / 5).await;
            if number == 1 {
                self.begin_epoch(signal).await?;
            } else {
                let node = number as usize / 2 % self.nodes.len();
                self.restart_one(node, signal, time / 10).await?;
            }
        }
        Ok(())
    }

    /// Kills the only server every `interval` until `time` has passed, and starts it again. Returns
    /// how often.
    pub async fn kill_every(&mut self, interval: Duration, time: Duration) -> Result<u32> {
        let start = Instant::now();
        let mut kills = 0;
        while interval * (kills + 1) < time {
            sleep_until(start + interval * (kills + 1)).await;
            self.restart_one(0, Signal::Kill, Duration::ZERO).await?;
            kills += 1;
        }
        Ok(kills)
    }

    /// Kills all servers, and starts them again.
    pub fn kill(&mut self) -> Result<()> {
        self.stop_all(Signal::Kill)?;
        self.start_all()
    }

    /// Stops all servers, sets another epoch, and starts them again.
    async fn begin_epoch(&mut self, signal: Signal) -> Result<()> {
        self.stop_all(signal)?;
        records::add_corrupt_entry(&self.database, self.folder()).await?;
        records::begin_epoch(&self.database, self.folder()).await?;
        sleep(DOWNTIME).await;
        self.start_all()
    }

    fn stop_all(&mut self, signal: Signal) -> Result<()> {
        let mut nodes = self.nodes.iter_mut();
        block_in_place(|| nodes.try_for_each(|node| node.ringside.stop(signal)))
    }

    fn start_all(&mut self) -> Result<()> {
        self.nodes.iter_mut().try_for_each(Node::start_again)
    }

    /// Stops a server for a while. Its clients use the next one meanwhile, if there is one.
    async fn restart_one(
        &mut self,
        at: usize,
        signal: Signal,
        with_others: Duration,
    ) -> Result<()> {
        let next = self.nodes[(at + 1) % self.nodes.len()].ringside.address;
        let has_others = self.nodes.len() > 1;
        let node = &mut self.nodes[at];
        if has_others {
            node.proxy.forward_to(next);
        }
        block_in_place(|| node.ringside.stop(signal))?;
        sleep(if has_others { with_others } else { DOWNTIME }).await;
        node.start_again()
    }
}

impl Node {
    fn start_again(&mut self) -> Result<()> {
        block_in_place(|| self.ringside.start_again())?;
        self.proxy.forward_to(self.ringside.address);
        Ok(())
    }
}
