//! What a reader asks: where the feed stands, what changed, and everything.

use std::{io, net::SocketAddr, time::Duration};

use domain::{Batch, Cursor, Epoch, FETCH_DEADLINE_MS, Head, Reset};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::Place;
use crate::harness::{self, Connection, Error, Result, get};

/// The feed that a reader reads.
#[derive(Clone, Debug)]
pub struct Feed {
    network: SocketAddr,
    entry: i64,
    deadline: Duration,
}

/// What came back.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was asked for.
    Good(T),
    /// The cursor can't be continued from (410).
    Reset(Reset),
    /// Nothing of use.
    Failed,
}

impl Feed {
    /// The feed of the entry at `place`.
    pub fn new(place: &Place) -> Self {
        Self {
            network: place.network,
            entry: place.entry,
            deadline: place.real(FETCH_DEADLINE_MS.into()),
        }
    }

    /// Where it stands; `None` if no answer came.
    pub async fn head(&self) -> Result<Option<Head>> {
        match self.ask("head").await? {
            Answer::Good(head) => Ok(Some(head)),
            Answer::Reset(_) | Answer::Failed => Ok(None),
        }
    }

    /// What changed since `cursor`; without one, everything, or the first part of it.
    pub async fn changes(&self, cursor: Option<&Cursor>) -> Result<Answer<Batch>> {
        match cursor {
            Some(cursor) => self.ask(&format!("changes?since={cursor}")).await,
            None => self.ask("changes").await,
        }
    }

    /// Everything, of `epoch` if it is known; `None` if an answer didn't come.
    pub async fn everything(&self, epoch: Option<Epoch>) -> Result<Option<Vec<Batch>>> {
        let mut cursor = epoch.map(|epoch| Cursor::new(epoch, 0));
        let mut batches = Vec::new();
        loop {
            let Answer::Good(batch) = self.changes(cursor.as_ref()).await? else {
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

    async fn ask<T: DeserializeOwned>(&self, what: &str) -> Result<Answer<T>> {
        let path = format!("/feed/{}/{what}", self.entry);
        let Ok(Ok(answer)) = timeout(self.deadline, self.send(&path)).await else {
            return Ok(Answer::Failed);
        };
        // The feed has no HTML: a proxy or a captive portal sent it, and not the server.
        if answer.header("content-type") == Some("text/html") {
            return Ok(Answer::Failed);
        }
        let read = match answer.status {
            200 => serde_json::from_slice(&answer.body).map(Answer::Good),
            410 => serde_json::from_slice(&answer.body).map(Answer::Reset),
            500.. => return Ok(Answer::Failed),
            _ => return Err(odd(&path, &answer, "this is not in the protocol")),
        };
        read.map_err(|error| odd(&path, &answer, error))
    }

    async fn send(&self, path: &str) -> io::Result<harness::Answer> {
        let mut connection = Connection::open(self.network).await?;
        connection.ask(&get(path, "")).await
    }
}

fn odd(path: &str, answer: &harness::Answer, why: impl std::fmt::Display) -> Error {
    let (head, body) = (&answer.head, answer.text());
    Error::Violated(format!("{path} was answered: {head}{body}\n{why}"))
}
