//! Change notifications between servers on one PostgreSQL database.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Hub, hub::Revs};
use crate::{
    Result,
    storage::{HeadListener, Store},
};

/// The pause before listening again, and the tailer's own polling interval meanwhile.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Notifies the other servers of each commit by this server. Commits during a notification are
/// combined: the next one sends the last revision of each counter.
pub async fn notify(store: Store, mut committed: watch::Receiver<Revs>) {
    let mut sent = Revs::new();
    while committed.changed().await.is_ok() {
        let revs = committed.borrow_and_update().clone();
        let changed = revs
            .iter()
            .filter(|(counter, rev)| sent.get(counter) != Some(rev));
        for (&counter, &rev) in changed {
            if let Err(error) = store.notify(counter, rev).await {
                tracing::warn!(cause = ?error, "could not notify the other servers of a change; they find it within a second");
            }
        }
        sent = revs;
    }
}

/// Wakes the tailer when another server commits. Reconnects after a failure.
pub async fn listen(store: Store, hub: Arc<Hub>) {
    loop {
        if let Err(error) = receive(&store, &hub).await {
            tracing::warn!(cause = ?error, "could not listen for changes by other servers; polling once a second");
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn receive(store: &Store, hub: &Hub) -> Result<()> {
    let mut listener: HeadListener = store.listen().await?;
    loop {
        match listener.recv().await? {
            // Mostly this server's own commits.
            Some((counter, rev)) if hub.has_published(&counter, rev) => {}
            _ => hub.wake(),
        }
    }
}
