//! The requests of a client: the head of the feed, its changes, and everything.

use std::{io, net::SocketAddr, time::Duration};

use domain::{Batch, Cursor, FETCH_DEADLINE_MS, Fetched, Head, Reset};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::config::ClientConfig;
use crate::harness::{self, Connection, Error, Result, get_request};

/// The feed that a client follows.
#[derive(Clone, Debug)]
pub struct Feed {
    address: SocketAddr,
    id: String,
    deadline: Duration,
}

impl Feed {
    /// Returns the feed in `config`.
    pub fn new(config: &ClientConfig) -> Self {
        Self {
            address: config.address,
            id: config.feed.clone(),
            deadline: config.to_real_time(FETCH_DEADLINE_MS.into()),
        }
    }

    /// Requests the head. Returns `None` if no response arrived.
    pub async fn head(&self) -> Result<Option<Head>> {
        match self.get("head").await? {
            Fetched::Received(head) => Ok(Some(head)),
            Fetched::Reset(_) | Fetched::Failed => Ok(None),
        }
    }

    /// Requests the changes since `cursor`; without a cursor everything, or the first part of it.
    pub async fn changes(&self, cursor: Option<&Cursor>) -> Result<Fetched<Batch>> {
        match cursor {
            Some(cursor) => self.get(&format!("changes?since={cursor}")).await,
            None => self.get("changes").await,
        }
    }

    /// Requests everything after `cursor`; without a cursor everything, as a new page. Returns
    /// `None` if a response is missing.
    pub async fn everything(&self, mut cursor: Option<Cursor>) -> Result<Option<Vec<Batch>>> {
        let mut batches = Vec::new();
        loop {
            let Fetched::Received(batch) = self.changes(cursor.as_ref()).await? else {
                return Ok(None);
            };
            cursor = Some(batch.cursor());
            let more = batch.more;
            batches.push(batch);
            if !more {
                return Ok(Some(batches));
            }
        }
    }

    async fn get<T: DeserializeOwned>(&self, what: &str) -> Result<Fetched<T>> {
        let path = format!("/feed/{}/{what}", self.id);
        let Ok(Ok(response)) = timeout(self.deadline, self.request(&path)).await else {
            return Ok(Fetched::Failed);
        };
        // The feed never sends HTML, so the response comes from a proxy or a captive portal.
        if response.header("content-type") == Some("text/html") {
            return Ok(Fetched::Failed);
        }
        let read = match response.status {
            200 => serde_json::from_slice(&response.body).map(Fetched::Received),
            410 => serde_json::from_slice(&response.body)
                .map(|reset: Reset| Fetched::Reset(reset.epoch)),
            500.. => return Ok(Fetched::Failed),
            _ => {
                return Err(violation(
                    &path,
                    &response,
                    "the status is not in the protocol",
                ));
            }
        };
        read.map_err(|error| violation(&path, &response, error))
    }

    async fn request(&self, path: &str) -> io::Result<harness::Response> {
        let mut connection = Connection::open(self.address).await?;
        connection.request(&get_request(path, "")).await
    }
}

fn violation(path: &str, response: &harness::Response, why: impl std::fmt::Display) -> Error {
    let (head, body) = (&response.head, response.text());
    Error::Violated(format!(
        "{path} returned an unexpected response: {head}{body}\n{why}"
    ))
}
