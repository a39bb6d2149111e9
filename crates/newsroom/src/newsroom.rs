//! The newsroom itself: what all use cases share.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{Cursor, Head, Rev, Road, Timestamp};
use moka::future::Cache;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    Cards, Clock, Error, Renderers, Result, UNDO_WINDOW,
    live::{FeedHead, FeedId, Frame, Hub, PublishedMark, Tailer, bells},
    post_queue::PostQueue,
    storage::{OpenError, Revision, StorageError, Store},
};

/// How often old sessions and the texts of deleted updates are cleared away.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How long a use case waits for its change to reach this server's connections before it answers:
/// what was saved is saved, and the tailer will come to it.
const SETTLE: Duration = Duration::from_secs(2);
/// Password hashes that are computed at once: each takes 19 MiB and a core for a while.
pub(crate) const HASHES_AT_ONCE: usize = 2;
/// How many bytes of catch-ups are kept for whoever asks the same within a few seconds.
const CATCH_UP_BYTES: u64 = 32 * 1024 * 1024;

/// What a newsroom is made of.
pub struct Options {
    /// The database's address, `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// Where to note the highest revision that was published, if anywhere.
    pub mark: Option<PathBuf>,
    /// Tells the time.
    pub clock: Clock,
    /// How open pages are to stay in touch.
    pub policy: FeedPolicy,
    /// Makes what pages and the feed are made of.
    pub render: Renderers,
}

/// How the server would have pages stay in touch.
#[derive(Clone, Debug)]
pub struct FeedPolicy {
    /// How long a page that polls waits, in milliseconds.
    pub interval_ms: u32,
    /// The road pages take.
    pub road: Road,
    /// The build that answers.
    pub build: String,
}

impl FeedPolicy {
    /// What `head` answers at `now`.
    pub fn head(&self, feed: &FeedHead, now: Timestamp) -> Head {
        Head {
            epoch: feed.epoch.clone(),
            head: feed.head,
            state: feed.state,
            interval_ms: self.interval_ms,
            transport: self.road,
            build: self.build.clone(),
            now,
        }
    }
}

/// Everything people can do, without HTTP.
#[derive(Debug)]
pub struct Newsroom {
    pub(crate) store: Store,
    pub(crate) posts: PostQueue,
    pub(crate) cards: Cards,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Clock,
    pub(crate) policy: FeedPolicy,
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) catch_ups: Cache<(FeedId, Cursor, Rev), Frame>,
    mark: Option<PathBuf>,
    following: AtomicBool,
}

impl Newsroom {
    /// Opens the database, and brings it up to date.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(options: Options) -> Result<Arc<Self>, OpenError> {
        let store = Store::open(&options.database_url).await?;
        let unusable = |error: Error| OpenError::Unusable {
            url: store.name().to_owned(),
            reason: error.to_string(),
        };
        let mut snapshot = store.snapshot().await.map_err(unusable)?;
        let state = snapshot.feed().await.map_err(unusable)?;
        drop(snapshot);
        let hub = Arc::new(Hub::new(state.epoch));
        Ok(Arc::new(Self {
            posts: PostQueue::start(store.clone(), options.clock.clone(), Arc::clone(&hub)),
            hub,
            cards: Cards::new(options.render),
            clock: options.clock,
            policy: options.policy,
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            catch_ups: Cache::builder()
                .max_capacity(CATCH_UP_BYTES)
                .weigher(|_, frame: &Frame| u32::try_from(frame.size()).unwrap_or(u32::MAX))
                .time_to_live(Duration::from_secs(5))
                .build(),
            mark: options.mark,
            following: AtomicBool::new(false),
            store,
        }))
    }

    /// Begins to follow the database, until `stop`: from here on the feeds are live, and what is old
    /// is cleared away. Returns once everything there is is known.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn follow(self: &Arc<Self>, stop: CancellationToken) -> Result<()> {
        let tailer = Tailer::start(
            self.store.clone(),
            self.cards.clone(),
            Arc::clone(&self.hub),
            self.clock.clone(),
            self.policy.clone(),
            self.mark.clone().map(PublishedMark::open),
        )
        .await?;
        tokio::spawn(tailer.run(stop.clone()));
        self.following.store(true, Ordering::Release);
        if self.store.has_bell() {
            let ring = bells::ring(self.store.clone(), self.hub.committed());
            let listen = bells::listen(self.store.clone(), Arc::clone(&self.hub));
            tokio::spawn(stop.clone().run_until_cancelled_owned(ring));
            tokio::spawn(stop.clone().run_until_cancelled_owned(listen));
        }
        let newsroom = Arc::clone(self);
        tokio::spawn(stop.run_until_cancelled_owned(async move { newsroom.keep_house().await }));
        Ok(())
    }

    /// Where the feeds stand, and their connections.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Tells the time.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits for what is under way, and closes the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Whether the database answers, and posts are written to it.
    ///
    /// # Errors
    /// If it doesn't.
    pub async fn check(&self) -> Result<()> {
        if !self.posts.is_open() {
            return Err(Error::Storage(StorageError::closed()));
        }
        self.store.snapshot().await?.feed().await.map(drop)
    }

    /// Commits a change, tells of it, and answers at which revision.
    pub(crate) async fn publish(&self, revision: Revision) -> Result<Rev> {
        let rev = revision.rev();
        revision.commit().await?;
        self.hub.commit(rev);
        self.settle(rev).await;
        Ok(rev)
    }

    /// Waits until this server's pages can show what changed at `rev`: whoever is told "posted" and
    /// looks, sees it.
    pub(crate) async fn settle(&self, rev: Rev) {
        if self.following.load(Ordering::Acquire)
            && tokio::time::timeout(SETTLE, self.hub.published(rev))
                .await
                .is_err()
        {
            tracing::warn!(rev, "a change is saved, but slow to reach open pages");
        }
    }

    async fn keep_house(&self) {
        let mut interval = tokio::time::interval(HOUSEKEEPING);
        loop {
            interval.tick().await;
            let now = self.clock.now();
            let swept = async {
                self.store.delete_expired_sessions(now).await?;
                self.store.wipe_deleted(now.plus_micros(-UNDO_WINDOW)).await
            };
            if let Err(error) = swept.await {
                tracing::warn!(%error, cause = ?error, "housekeeping failed; trying again in a minute");
            }
        }
    }
}
