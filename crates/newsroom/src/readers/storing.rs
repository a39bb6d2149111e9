//! Stores the number of a server's open streams, and what pages show.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{EntryId, FeedId, Timestamp, shown_readers};

use tokio::time::{MissedTickBehavior, interval};

use super::lost_before;
use crate::{
    Newsroom, Result,
    log_limit::LogLimit,
    storage::{Counter, Revision},
    writes::write::Write,
};

/// The time between two writes of a server.
const STORE_INTERVAL: Duration = Duration::from_secs(15);
/// The maximum number of entries in one transaction, which delays authors' posts meanwhile. The
/// others follow in the next one.
const MAX_ENTRIES: usize = 200;

impl Newsroom {
    /// Stores the number of this server's open streams every 15 seconds.
    pub(crate) async fn keep_open_streams(&self) {
        let mut interval = interval(STORE_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let failures = LogLimit::new();
        loop {
            interval.tick().await;
            if let Err(error) = self.store_open_streams().await
                && failures.allows(())
            {
                error.log_failure("could not store the number of open streams");
            }
        }
    }

    /// Stores how many streams of each entry are open on this server.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn store_open_streams(&self) -> Result<()> {
        let streams = self.hub.open_streams();
        let entry = |(feed, streams)| match feed {
            FeedId::Entry(entry) => Some((entry, streams)),
            FeedId::All | FeedId::Room(_) => None,
        };
        let write = StoreStreams {
            server: self.server_id.clone(),
            streams: Some(streams.into_iter().filter_map(entry).collect()),
        };
        self.writer.write(write).await.map(drop)
    }

    /// Removes this server's streams, because it stops.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub(crate) async fn remove_open_streams(&self) -> Result<()> {
        let write = StoreStreams {
            server: self.server_id.clone(),
            streams: None,
        };
        self.writer.write(write).await.map(drop)
    }
}

/// The write of a server that counts its streams.
#[derive(Debug)]
struct StoreStreams {
    server: String,
    /// The number of open streams of each entry that has any; `None` if the server stops.
    streams: Option<BTreeMap<EntryId, i64>>,
}

impl Write for StoreStreams {
    type Output = ();

    fn counter(&self) -> Counter {
        Counter::COUNTS
    }

    async fn apply(&self, revision: &mut Revision, now: Timestamp) -> Result<()> {
        let mut changed = BTreeSet::new();
        let snapshot = revision.snapshot();
        let mut gone = snapshot.lost_servers(lost_before(now)).await?;
        // The database may have been away for longer than that.
        gone.retain(|server| *server != self.server);
        let before = snapshot.streams_of_server(&self.server).await?;
        if self.streams.is_none() {
            gone.push(self.server.clone());
        }
        for server in gone {
            changed.extend(
                revision
                    .snapshot()
                    .streams_of_server(&server)
                    .await?
                    .into_keys(),
            );
            revision.delete_counting_server(&server).await?;
        }
        if let Some(streams) = &self.streams {
            revision.record_counting_server(&self.server, now).await?;
            let differing = differences(&before, streams);
            for (entry, streams) in differing.into_iter().take(MAX_ENTRIES) {
                revision.set_streams(&self.server, entry, streams).await?;
                changed.insert(entry);
            }
        }
        for entry in changed {
            let readers = shown_readers(revision.snapshot().streams_of_entry(entry).await?);
            if readers != revision.snapshot().readers(entry).await? {
                revision.set_readers(entry, readers).await?;
            }
        }
        Ok(())
    }
}

/// Returns the entries whose number of streams differs, each with the new one.
fn differences(
    before: &BTreeMap<EntryId, i64>,
    now: &BTreeMap<EntryId, i64>,
) -> BTreeMap<EntryId, i64> {
    let closed = before.keys().filter(|entry| !now.contains_key(entry));
    let closed = closed.map(|entry| (*entry, 0));
    let differing = now
        .iter()
        .filter(|(entry, streams)| before.get(entry) != Some(streams));
    closed
        .chain(differing.map(|(entry, streams)| (*entry, *streams)))
        .collect()
}
