//! Many connections that repeat the same request, each as soon as the response has arrived.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Connection, Context, Error, Result, cpu_of_this_process, join_all};

/// How many connections send requests: enough that no server ever waits for the next one.
pub const CONNECTIONS: usize = 64;

/// A load on a server.
#[derive(Clone, Debug)]
pub struct Load {
    /// The address of the server.
    pub address: SocketAddr,
    /// The request.
    pub request: Arc<[u8]>,
    /// The length that each response must have; its status must be 200.
    pub length: usize,
}

/// The results of a load.
#[derive(Clone, Copy, Debug)]
pub struct LoadResult {
    /// Responses per second.
    pub rate: f64,
    /// Processor time of the load generator, in microseconds for each request.
    pub client_cpu: f64,
    /// The number of responses.
    pub responses: u64,
}

impl Load {
    /// Sends requests for the given time.
    ///
    /// # Errors
    ///
    /// If a response has another status or length: figures with failures are worthless.
    pub async fn run(&self, time: Duration) -> Result<LoadResult> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(self.address).await.context("connecting")?);
        }
        let cpu = cpu_of_this_process();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(self.clone().repeat(connection, start + time));
        }
        let responses = join_all(tasks).await?.into_iter().sum();
        let seconds = start.elapsed().as_secs_f64();
        let cpu = cpu_of_this_process().saturating_sub(cpu);
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 responses")]
        let count = responses as f64;
        Ok(LoadResult {
            rate: count / seconds,
            client_cpu: cpu.as_secs_f64() * 1e6 / count,
            responses,
        })
    }

    async fn repeat(self, mut connection: Connection, end: Instant) -> Result<u64> {
        let mut responses = 0;
        while Instant::now() < end {
            let response = connection.request_and_discard(&self.request).await;
            let response = response.context("requesting under load")?;
            if response != (200, self.length) {
                let wanted = self.length;
                return Err(Error::Unexpected(format!(
                    "the response has status {} and {} bytes in place of 200 and {wanted}",
                    response.0, response.1
                )));
            }
            responses += 1;
        }
        Ok(responses)
    }
}
