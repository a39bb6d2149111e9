//! Between servers on one database: what this one commits is rung, and what the others ring is heard.

use std::{sync::Arc, time::Duration};

use domain::Rev;
use tokio::sync::watch;

use super::Hub;
use crate::{
    Result,
    storage::{HeadListener, Store},
};

/// How long to wait before listening again. Looking once a second goes on meanwhile.
const PAUSE: Duration = Duration::from_secs(1);

/// Rings for every commit of this server. While the bell is rung, what is committed is gathered: however
/// many there were, the next ring tells of the last.
pub async fn notify(store: Store, mut committed: watch::Receiver<Rev>) {
    while committed.changed().await.is_ok() {
        let rev = *committed.borrow_and_update();
        if let Err(error) = store.notify(rev).await {
            tracing::warn!(cause = ?error, "the other servers could not be told of a change; they find it within a second");
        }
    }
}

/// Wakes the tailer for what other servers committed. A lost connection is made again.
pub async fn listen(store: Store, hub: Arc<Hub>) {
    loop {
        if let Err(error) = receive(&store, &hub).await {
            tracing::warn!(cause = ?error, "the other servers can't be heard; looking once a second");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn receive(store: &Store, hub: &Hub) -> Result<()> {
    let mut listener: HeadListener = store.listen().await?;
    loop {
        match listener.recv().await? {
            // Our own, most of all.
            Some(rev) if rev <= hub.published_rev() => {}
            _ => hub.wake(),
        }
    }
}
