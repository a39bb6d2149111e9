//! Many connections that ask the same for a while, each again as soon as it was answered.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Connection, Error, Result, While, cpu_of_this_process};

/// How many connections ask at once: enough that no server ever waits for the next request.
pub const CONNECTIONS: usize = 64;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Load {
    /// Of whom.
    pub address: SocketAddr,
    /// The request.
    pub request: Arc<[u8]>,
    /// How many bytes each answer must have; its status must be 200.
    pub length: usize,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Answers a second.
    pub rate: f64,
    /// How long processors worked for the load generator itself, in microseconds a request.
    pub client_cpu: f64,
    /// How many answers there were.
    pub answers: u64,
}

impl Load {
    /// Asks for `length` of time.
    ///
    /// # Errors
    /// If an answer isn't as it should be: figures with failures in them are worth nothing.
    pub async fn press(&self, time: Duration) -> Result<Taken> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(
                Connection::open(self.address)
                    .await
                    .while_doing("connecting")?,
            );
        }
        let cpu = cpu_of_this_process();
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(self.clone().repeat(connection, start + time));
        }
        let mut answers = 0;
        while let Some(done) = tasks.join_next().await {
            answers += done.map_err(|error| Error::Unexpected(error.to_string()))??;
        }
        let seconds = start.elapsed().as_secs_f64();
        let cpu = cpu_of_this_process().saturating_sub(cpu);
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 answers")]
        let count = answers as f64;
        Ok(Taken {
            rate: count / seconds,
            client_cpu: cpu.as_secs_f64() * 1e6 / count,
            answers,
        })
    }

    async fn repeat(self, mut connection: Connection, end: Instant) -> Result<u64> {
        let mut answers = 0;
        while Instant::now() < end {
            let answer = connection.ask_and_forget(&self.request).await;
            let answer = answer.while_doing("asking under load")?;
            if answer != (200, self.length) {
                let wanted = self.length;
                return Err(Error::Unexpected(format!(
                    "status {} with {} bytes came, not 200 with {wanted}",
                    answer.0, answer.1
                )));
            }
            answers += 1;
        }
        Ok(answers)
    }
}
