//! Follows the database: whatever changed, by whichever process, reaches the connections from here.

use std::{sync::Arc, time::Duration};

use domain::{Cursor, EntryState, Rev};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{FeedHead, FeedId, Hub, PublishedMark, assemble, ring::Ring};
use crate::{Cards, Clock, Error, FeedPolicy, Result, storage::Store};

/// How long what another process wrote, or what a lost bell announced, may wait.
const LOOK: Duration = Duration::from_secs(1);
/// How often an open stream says that it is alive: below the half minute after which proxies and
/// mobile networks forget a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The one task that reads the feed for everybody.
#[derive(Debug)]
pub struct Tailer {
    store: Store,
    cards: Cards,
    hub: Arc<Hub>,
    clock: Clock,
    policy: FeedPolicy,
    mark: Option<PublishedMark>,
    seen: Rev,
}

impl Tailer {
    /// A tailer that has read everything there is; `mark` is where it notes what it published.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub(crate) async fn start(
        store: Store,
        cards: Cards,
        hub: Arc<Hub>,
        clock: Clock,
        policy: FeedPolicy,
        mark: Option<PublishedMark>,
    ) -> Result<Self> {
        let mut tailer = Self {
            store,
            cards,
            hub,
            clock,
            policy,
            mark,
            seen: 0,
        };
        tailer.look().await?;
        Ok(tailer)
    }

    /// Follows the database until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let hub = Arc::clone(&self.hub);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = hub.news.notified() => {}
                _ = look.tick() => {}
                _ = heartbeat.tick() => {
                    hub.beat(|head| self.policy.head(head, self.clock.now()));
                    continue;
                }
            }
            if let Err(error) = self.look().await {
                tracing::warn!(error = %error, cause = ?error, "the feed could not be read; trying again in a second");
            }
        }
    }

    /// Reads what changed, and hands it on.
    async fn look(&mut self) -> Result<()> {
        let mut snapshot = self.store.snapshot().await?;
        let mut now = snapshot.feed().await?;
        let at = Cursor::new(now.epoch.clone(), now.rev);
        let lost = self.mark.as_ref().is_some_and(|mark| mark.is_ahead_of(&at));
        if lost || (now.epoch == self.hub.epoch() && now.rev < self.seen) {
            drop(snapshot);
            tracing::warn!(
                rev = now.rev,
                "the database is older than what was published from it; beginning a new epoch"
            );
            self.store.begin_epoch(&now.epoch).await?;
            snapshot = self.store.snapshot().await?;
            now = snapshot.feed().await?;
        }
        if now.epoch != self.hub.epoch() {
            let entries = snapshot.moved_since(0).await?;
            self.cards.forget();
            self.hub.reset(now.epoch.clone(), entries);
            self.seen = now.rev;
        } else if now.rev > self.seen {
            let moved = snapshot.moved_since(self.seen).await?;
            drop(snapshot);
            for (feed, ring) in self.hub.learn(moved) {
                self.follow(feed, &ring).await?;
            }
            self.seen = now.rev;
        }
        self.note(Cursor::new(now.epoch, now.rev));
        self.hub.announce(now.rev);
        Ok(())
    }

    /// Reads one feed from where its ring ends.
    async fn follow(&self, feed: FeedId, ring: &Ring) -> Result<()> {
        loop {
            let since = self.hub.cursor(ring.head());
            let frame = match assemble(&self.store, &self.cards, feed, &since).await {
                Ok(frame) => frame,
                // It isn't public (any more): it has no readers to tell.
                Err(Error::Unknown(_)) => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(FeedHead { state, .. }) = self.hub.head(feed) else {
                return Ok(());
            };
            let more = frame.more;
            // Goodbye is said after the last change: as long as more comes, nothing has ended.
            let state = if more { EntryState::Live } else { state };
            ring.push(frame, state);
            if !more {
                return Ok(());
            }
        }
    }

    fn note(&mut self, now: Cursor) {
        if let Some(mark) = &mut self.mark
            && let Err(error) = mark.write(now)
        {
            tracing::warn!(%error, "the published revision could not be noted in the data folder");
        }
    }
}
