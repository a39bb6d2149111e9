//! The newsroom itself: what all use cases share.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{Cursor, Head, Language, Rev, Timestamp, Transport};
use moka::future::Cache;
use tokio_util::sync::CancellationToken;

use crate::{
    Cards, Clock, Error, Renderers, Result, UNDO_WINDOW,
    group_commit::GroupCommitWriter,
    idempotency::NamedRequest,
    kept_updates::KeptUpdates,
    last_seen::LastSeen,
    live::{FeedHead, FeedId, Frame, HighWaterMark, Hub, Tailer, pg_notify},
    passwords::PasswordHasher,
    readiness::NotReady,
    rendering::RenderPool,
    storage::{OpenError, Outcome, Revision, ServerPresence, StorageError, Store},
    tasks::Tasks,
    write_health::WriteHealth,
};

/// How often old sessions, old operations and the texts of deleted updates are removed.
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);
/// How long operations are remembered, in microseconds: ninety days. A browser may keep a post for weeks
/// before it is online again.
const OPERATION_LIFE: i64 = 90 * 24 * 60 * 60 * 1_000_000;
/// How long a change may take in all. What takes longer has an unknown outcome.
pub(crate) const LONGEST_CHANGE: Duration = Duration::from_secs(10);
/// How long a use case waits for its change to reach this server's connections before it answers:
/// what was saved is saved, and the tailer will come to it.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);
/// How many bytes of catch-ups are kept for whoever asks the same within a few seconds.
const CATCH_UP_BYTES: u64 = 32 * 1024 * 1024;

/// What a newsroom is made of.
pub struct Options {
    /// The database's address, `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// How long a request waits for the database before it fails.
    pub database_deadline: Duration,
    /// Where to note the highest revision that was published, if anywhere.
    pub mark: Option<PathBuf>,
    /// Tells the time.
    pub clock: Clock,
    /// How open pages are to stay in touch.
    pub policy: FeedPolicy,
    /// The language of entries that have none of their own.
    pub language: Language,
    /// Makes what pages and the feed are made of.
    pub render: Renderers,
}

/// How the server would have pages stay in touch.
#[derive(Clone, Debug)]
pub struct FeedPolicy {
    /// How long a page that polls waits, in milliseconds.
    pub interval_ms: u32,
    /// The transport pages take.
    pub transport: Transport,
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
            transport: self.transport,
            build: self.build.clone(),
            now,
        }
    }
}

/// Everything people can do, without HTTP.
#[derive(Debug)]
pub struct Newsroom {
    pub(crate) store: Store,
    pub(crate) posts: GroupCommitWriter,
    pub(crate) cards: Cards,
    pub(crate) kept_updates: KeptUpdates,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Clock,
    pub(crate) policy: FeedPolicy,
    pub(crate) rendering: RenderPool,
    pub(crate) passwords: PasswordHasher,
    pub(crate) last_seen: LastSeen,
    pub(crate) catch_ups: Cache<(FeedId, Cursor, Rev), Frame>,
    pub(crate) writes: Arc<WriteHealth>,
    tasks: Tasks,
    mark: Option<PathBuf>,
    following: AtomicBool,
    /// Tells commands that a server uses the database, for as long as this lives.
    presence: OnceLock<ServerPresence>,
}

impl Newsroom {
    /// Opens the database, and brings it up to date.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(options: Options) -> Result<Arc<Self>, OpenError> {
        let store = Store::open(&options.database_url, options.database_deadline)
            .await?
            .with_language(options.language);
        let unusable = |error: Error| OpenError::Unusable {
            url: store.name().to_owned(),
            reason: error.to_string(),
        };
        let mut snapshot = store.snapshot().await.map_err(unusable)?;
        let state = snapshot.feed().await.map_err(unusable)?;
        drop(snapshot);
        let hub = Arc::new(Hub::new(state.epoch));
        let writes = Arc::new(WriteHealth::default());
        let posts = GroupCommitWriter::start(
            store.clone(),
            options.clock.clone(),
            Arc::clone(&hub),
            Arc::clone(&writes),
        );
        Ok(Arc::new(Self {
            posts,
            writes,
            tasks: Tasks::default(),
            presence: OnceLock::new(),
            hub,
            cards: Cards::new(options.render),
            kept_updates: KeptUpdates::default(),
            clock: options.clock,
            policy: options.policy,
            rendering: RenderPool::default(),
            passwords: PasswordHasher::default(),
            last_seen: LastSeen::default(),
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

    /// Follows the database until `stop`: from here on the feeds are live, and old rows are removed.
    /// Returns once the state of every feed is known.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn follow(self: &Arc<Self>, stop: CancellationToken) -> Result<()> {
        self.presence.get_or_init(|| self.store.announce_server());
        let mut tailer = Tailer::new(
            self.store.clone(),
            self.cards.clone(),
            Arc::clone(&self.hub),
            self.clock.clone(),
            self.policy.clone(),
            self.mark.clone().map(HighWaterMark::open),
        );
        tailer.look().await?;
        self.tasks
            .supervise("tailer", stop.clone(), move || tailer.clone().run());
        self.following.store(true, Ordering::Release);
        if self.store.has_notifications() {
            let newsroom = Arc::clone(self);
            self.tasks.supervise("notify", stop.clone(), move || {
                pg_notify::notify(newsroom.store.clone(), newsroom.hub.committed())
            });
            let newsroom = Arc::clone(self);
            self.tasks.supervise("listen", stop.clone(), move || {
                pg_notify::listen(newsroom.store.clone(), Arc::clone(&newsroom.hub))
            });
        }
        let newsroom = Arc::clone(self);
        self.tasks.supervise("maintenance", stop.clone(), move || {
            let newsroom = Arc::clone(&newsroom);
            async move { newsroom.run_maintenance().await }
        });
        let newsroom = Arc::clone(self);
        self.tasks.supervise("write probe", stop, move || {
            let newsroom = Arc::clone(&newsroom);
            async move { newsroom.writes.probe(&newsroom.store).await }
        });
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

    /// Waits for background tasks, which must have been told to stop, and closes the database.
    pub async fn close(&self) {
        self.tasks.finish().await;
        self.store.close().await;
    }

    /// Whether requests can be served. Responds within a second.
    ///
    /// # Errors
    /// With what fails.
    pub async fn check_readiness(&self) -> Result<(), NotReady> {
        if self.hub.is_closing() {
            return Err(NotReady::Closing);
        }
        if self.writes.is_failing() {
            return Err(NotReady::Writes);
        }
        if self.following.load(Ordering::Acquire) && self.hub.is_stale() {
            return Err(NotReady::Feed);
        }
        let read = async { self.store.snapshot().await?.feed().await };
        match tokio::time::timeout(NotReady::READ_DEADLINE, read).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                error.log_failure("the server is not ready");
                Err(NotReady::Reads)
            }
            Err(_) => Err(NotReady::Reads),
        }
    }

    /// Runs a use case that changes the database, no longer than [`LONGEST_CHANGE`], and notes whether the
    /// database's storage failed.
    pub(crate) async fn change<T>(&self, change: impl Future<Output = Result<T>>) -> Result<T> {
        let result = match tokio::time::timeout(LONGEST_CHANGE, change).await {
            Ok(result) => result,
            // It may have been in the middle of the commit.
            Err(_) => Err(Error::OutcomeUnknown(StorageError::timed_out())),
        };
        self.writes.note(&result);
        result
    }

    /// Commits a change, waits until this server's pages show it, and returns its last revision.
    pub(crate) async fn publish(&self, revision: Revision) -> Result<Rev> {
        let rev = revision.last_rev();
        revision.commit().await?;
        self.writes.note_commit();
        self.hub.commit(rev);
        self.wait_until_published(rev).await;
        Ok(rev)
    }

    /// The same for a named request, whose `outcome` at `now` is stored in the same transaction.
    pub(crate) async fn publish_outcome(
        &self,
        mut revision: Revision,
        request: NamedRequest<'_>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Rev> {
        request.store_outcome(&mut revision, outcome, now).await?;
        self.publish(revision).await
    }

    /// Waits until this server's pages can show what changed at `rev`: whoever is told "posted" and
    /// looks, sees it.
    pub(crate) async fn wait_until_published(&self, rev: Rev) {
        if self.following.load(Ordering::Acquire)
            && tokio::time::timeout(PUBLISH_DEADLINE, self.hub.published(rev))
                .await
                .is_err()
        {
            tracing::warn!(rev, "a change is saved, but slow to reach open pages");
        }
    }

    async fn run_maintenance(&self) {
        let mut interval = tokio::time::interval(MAINTENANCE_INTERVAL);
        loop {
            interval.tick().await;
            let now = self.clock.now();
            let swept = async {
                self.maintain_sessions().await?;
                self.store
                    .forget_operations(now.plus_micros(-OPERATION_LIFE))
                    .await?;
                self.store.wipe_deleted(now.plus_micros(-UNDO_WINDOW)).await
            };
            if let Err(error) = swept.await {
                tracing::warn!(%error, cause = ?error, "maintenance failed; trying again in a minute");
            }
        }
    }
}
