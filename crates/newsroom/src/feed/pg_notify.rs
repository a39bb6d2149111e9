//! Change notifications between servers on one PostgreSQL database.

use std::{sync::Arc, time::Duration};

use domain::Rev;
use tokio::sync::watch;

use super::Hub;
use crate::{
    Result,
    storage::{HeadListener, Store},
};

/// The pause before listening again, and the tailer's own polling interval meanwhile.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Notifies the other servers of each commit by this server. Commits during a notification are
/// combined: the next one sends the last revision.
pub async fn notify(store: Store, mut committed: watch::Receiver<Rev>) {
    while committed.changed().await.is_ok() {
        let rev = *committed.borrow_and_update();
        if let Err(error) = store.notify(rev).await {
            tracing::warn!(cause = ?error, "could not notify the other servers of a change; they find it within a second");
        }
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
            Some(rev) if rev <= hub.published_rev() => {}
            _ => hub.wake(),
        }
    }
}
