//! The type [`Newsroom`]: its parts, start-up, maintenance, and how a change is published.
//!
//! The use cases are in one file for each capability:
//!
//! - `updates/posting.rs`: `post_update`, `post_marked_update`, `post_saved_draft`
//! - `updates/editing.rs`: `edit_update`, `patch_update`, `delete_update`, `restore_update`,
//!   `mark_update`, `editable_update`, `update_source`, `posted_base`, `last_change`,
//!   `removed_parts`
//! - `updates/pages.rs`: `update_page`, `updates_after`, `update_ids`
//! - `updates/rerender.rs`: `count_outdated_updates`, `rerender_after`,
//!   `count_outdated_articles`, `rerender_article_after`
//! - `drafts/reading.rs`, `drafts/saving.rs`, `drafts/discarding.rs`: `entry_drafts`, `drafts`,
//!   `draft`, `create_draft`, `change_draft`, `discard_draft`
//! - `entries/desk.rs`: `create_entry`, `create_entry_once`, `start_entry`, `end_entry`,
//!   `edit_entry`, `patch_entry`, `desk`, `desk_entry`, `entry`, `entry_by_slug`
//! - `entries/articles.rs`: `render_article`, `article`, `entry_and_article`, `article_to_edit`,
//!   `edit_article`, `removed_from_article`
//! - `entries/pages.rs`: `front_page`, `live_page`, `entry_page`, `current_slug` and others
//! - `feed/requests.rs`: `head`, `changes`, `check_cursor`
//! - `rooms/managing.rs`, `rooms/chat.rs`: `create_room`, `create_room_once`, `patch_room`, `chat`
//! - `rooms/reading.rs`: `room_page`, `is_behind_room`, `rooms`, `managed_room`
//! - `rooms/posting.rs`, `rooms/deleting.rs`: `post_message`, `delete_message`, `restore_message`
//! - `rooms/guests.rs`: `guest_of`, `guest_cookie`
//! - `likes/liking.rs`, `likes/counting.rs`: `set_like`, `like`, `counts`
//! - `readers/mod.rs`, `readers/storing.rs`: `open_streams`, `store_open_streams`
//! - `rooms/moderation/acting.rs`, `rooms/moderation/reporting.rs`: `moderate`,
//!   `report_message`, `message_to_report`
//! - `rooms/moderation/reading.rs`: `moderation_queue`, `moderated_message`, `sanctions`,
//!   `recent_removals`, `moderation_log`, `chat_rules`, `moderated_rooms`
//! - `accounts/management.rs`: `create_account`, `set_up`, `accounts`, `set_password`,
//!   `change_password`, `set_role`, `disable_account`, `enable_account`
//! - `accounts/signing_up.rs`, `accounts/invitations.rs`: `has_open_sign_up`,
//!   `check_open_sign_up`, `sign_up`, `invite`, `invitations`, `withdraw_invitation`,
//!   `invited_role`, `accept_invitation`
//! - `accounts/administration.rs`: `accounts_page`, `managed_account`, `change_role`,
//!   `create_reset_link`, `account_to_reset`, `reset_password`
//! - `accounts/deleting.rs`: `deleted_messages`, `delete_own_account`, `delete_account`,
//!   `clear_messages`
//! - `accounts/names.rs`: `display_name`, `set_display_name`, `rename_account`, `rename_authors`
//! - `site.rs`: `site_settings`, `change_site`
//! - `accounts/sessions.rs`: `log_in`, `log_out`, `caller`, `session`, `sessions`, `end_session`
//!   and others
//! - `accounts/tokens.rs`: `create_token`, `tokens`, `revoke_token`, `token_caller`
//! - `render/markdown.rs`: `render_markdown`
//! - `repair.rs`: `repair_revisions`

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{Cursor, FeedId, Language, Rev};
use moka::future::Cache;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

use crate::{
    Cards, Clock, DatabaseFailure, Error, FeedPolicy, Render, Result, UNDO_WINDOW,
    accounts::{last_seen::LastSeen, passwords::PasswordHasher},
    feed::{
        CountsTailer, EntrySource, FeedSource, FeedTap, Frame, HighWaterMark, Hub, Sources, Tailer,
        pg_notify,
    },
    likes::{counts_cache::CountsCache, queue::LikeQueue},
    model::limit::MessageLimits,
    readers::server_id::random_server_id,
    readiness::NotReady,
    render::pool::RenderPool,
    rooms::{
        CLAIM_LIFE, guest_key::GuestKey, room_source::RoomSource, rules::word_cache::WordCache,
    },
    storage::{Counter, OpenError, ServerPresence, Store},
    tasks::Tasks,
    updates::update_cache::UpdateCache,
    writes::{
        deadline::CHANGE_DEADLINE, group_commit::GroupCommitWriter, write::Write,
        write_health::WriteHealth,
    },
};

/// How often expired sessions, old operations and the texts of deleted updates are removed.
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);
/// How long operation ids are stored, in microseconds: ninety days. A browser may keep a post for
/// weeks until it is online again.
const OPERATION_LIFETIME: i64 = 90 * 24 * 60 * 60 * 1_000_000;
/// How long a use case waits until its change is visible to this server's readers. Then it returns
/// all the same: the change is committed, and the tailer will publish it.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);
/// The size of the cache for catch-ups, in bytes. Many clients request the same ones within
/// seconds.
const CATCH_UP_CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// The configuration of a [`Newsroom`].
pub struct Options {
    /// The database's URL, `sqlite://...` or `postgres://...`.
    pub database_url: String,
    /// How long a request waits for the database before it fails.
    pub database_deadline: Duration,
    /// The file of the [high-water mark](HighWaterMark), if one is kept.
    pub high_water_mark: Option<PathBuf>,
    /// The clock.
    pub clock: Clock,
    /// The settings that open pages receive.
    pub policy: FeedPolicy,
    /// The language of entries without a language of their own.
    pub language: Language,
    /// Renders cards, highlights and summaries.
    pub render: Arc<dyn Render>,
    /// Whether every valid name is that of a room, which its first message creates.
    pub open_rooms: bool,
    /// The limits of messages in rooms.
    pub message_limits: MessageLimits,
    /// Whether the number of readers is counted and shown.
    pub count_readers: bool,
    /// Further feeds, besides those of entries and rooms.
    pub sources: Vec<Arc<dyn FeedSource>>,
}

/// The engine: one method for each use case.
#[derive(Debug)]
pub struct Newsroom {
    pub(crate) store: Store,
    pub(crate) writer: Arc<GroupCommitWriter>,
    pub(crate) likes: LikeQueue,
    pub(crate) counts: CountsCache,
    pub(crate) sources: Sources,
    pub(crate) cards: Cards,
    pub(crate) update_cache: UpdateCache,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Clock,
    pub(crate) policy: FeedPolicy,
    pub(crate) rendering: RenderPool,
    pub(crate) passwords: PasswordHasher,
    pub(crate) last_seen: LastSeen,
    pub(crate) catch_ups: Cache<(FeedId, Cursor, Rev), Frame>,
    pub(crate) writes: Arc<WriteHealth>,
    pub(crate) open_rooms: bool,
    pub(crate) message_limits: MessageLimits,
    pub(crate) words: WordCache,
    pub(crate) guest_key: OnceCell<GuestKey>,
    /// The id under which this server counts its streams, if it does.
    pub(crate) server_id: String,
    count_readers: bool,
    /// Wakes the task that stores changed names with updates.
    pub(crate) renamed: Notify,
    /// Wakes the task that clears the messages of deleted accounts.
    pub(crate) deleted: Notify,
    tasks: Tasks,
    high_water_mark: Option<PathBuf>,
    following: AtomicBool,
    /// Marks the database as used by a server, so that commands can detect it.
    presence: OnceLock<ServerPresence>,
}

impl Newsroom {
    /// Opens the database, and applies pending migrations.
    ///
    /// # Errors
    /// Returns a message for the server's operator.
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
        store.fold_usernames().await.map_err(unusable)?;
        let hub = Arc::new(Hub::new(state.epoch));
        let writes = Arc::new(WriteHealth::default());
        let group_commit = Arc::new(GroupCommitWriter::start(
            store.clone(),
            options.clock.clone(),
            Arc::clone(&hub),
            Arc::clone(&writes),
        ));
        let cards = Cards::new(options.render);
        let entries: Arc<dyn FeedSource> = Arc::new(EntrySource::new(cards.clone()));
        let rooms: Arc<dyn FeedSource> =
            Arc::new(RoomSource::new(cards.clone(), options.open_rooms));
        Ok(Arc::new(Self {
            sources: Sources::new([entries, rooms].into_iter().chain(options.sources)),
            likes: LikeQueue::start(Arc::clone(&group_commit)),
            counts: CountsCache::default(),
            writer: group_commit,
            writes,
            open_rooms: options.open_rooms,
            message_limits: options.message_limits,
            words: WordCache::default(),
            guest_key: OnceCell::new(),
            tasks: Tasks::default(),
            presence: OnceLock::new(),
            server_id: random_server_id(),
            renamed: Notify::new(),
            deleted: Notify::new(),
            count_readers: options.count_readers,
            hub,
            cards,
            update_cache: UpdateCache::default(),
            clock: options.clock,
            policy: options.policy,
            rendering: RenderPool::default(),
            passwords: PasswordHasher::default(),
            last_seen: LastSeen::default(),
            catch_ups: Cache::builder()
                .max_capacity(CATCH_UP_CACHE_BYTES)
                .weigher(|_, frame: &Frame| u32::try_from(frame.size()).unwrap_or(u32::MAX))
                .time_to_live(Duration::from_secs(5))
                .build(),
            high_water_mark: options.high_water_mark,
            following: AtomicBool::new(false),
            store,
        }))
    }

    /// Starts following the database until `stop`: from now on the feeds are live, and maintenance
    /// runs. Returns once the state of every feed is loaded.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn follow(self: &Arc<Self>, stop: CancellationToken) -> Result<()> {
        self.presence.get_or_init(|| self.store.announce_server());
        let mut tailer = Tailer::new(
            self.store.clone(),
            self.sources.clone(),
            Arc::clone(&self.hub),
            self.clock.clone(),
            self.policy.clone(),
            self.high_water_mark.clone().map(HighWaterMark::open),
        );
        tailer.poll().await?;
        self.tasks
            .supervise("tailer", stop.clone(), move || tailer.clone().run());
        self.following.store(true, Ordering::Release);
        let mut counts = CountsTailer::new(self.store.clone(), Arc::clone(&self.hub));
        counts.poll().await?;
        self.tasks
            .supervise("counts", stop.clone(), move || counts.clone().run());
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
        self.tasks.supervise("author names", stop.clone(), move || {
            let newsroom = Arc::clone(&newsroom);
            async move { newsroom.keep_author_names().await }
        });
        let newsroom = Arc::clone(self);
        self.tasks
            .supervise("deleted accounts", stop.clone(), move || {
                let newsroom = Arc::clone(&newsroom);
                async move { newsroom.keep_clearing_messages().await }
            });
        if self.count_readers {
            let newsroom = Arc::clone(self);
            self.tasks.supervise("readers", stop.clone(), move || {
                let newsroom = Arc::clone(&newsroom);
                async move { newsroom.keep_open_streams().await }
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

    /// Returns the hub, which has the state and the subscriptions of all feeds.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Returns a tap, which follows all feeds from now on, read or not.
    pub fn tap(&self) -> FeedTap {
        FeedTap::new(Arc::clone(&self.hub))
    }

    /// Returns the renderers and the cache of cards.
    pub const fn cards(&self) -> &Cards {
        &self.cards
    }

    /// Returns the clock.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until the background tasks have stopped, and closes the database. Cancel the token
    /// given to [`Newsroom::follow`] first.
    pub async fn close(&self) {
        self.tasks.finish().await;
        if self.count_readers
            && self.following.load(Ordering::Acquire)
            && let Err(error) = self.remove_open_streams().await
        {
            // The other servers remove them soon.
            error.log_failure("could not remove the number of this server's streams");
        }
        self.store.close().await;
    }

    /// Checks whether requests can be served. Returns within a second.
    ///
    /// # Errors
    /// Returns the first problem found.
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

    /// Runs a use case that changes the database, with the deadline [`CHANGE_DEADLINE`], and
    /// records whether the storage below the database failed.
    pub(crate) async fn change<T>(&self, change: impl Future<Output = Result<T>>) -> Result<T> {
        let result = match tokio::time::timeout(CHANGE_DEADLINE, change).await {
            Ok(result) => result,
            // The deadline may have passed during the commit.
            Err(_) => Err(Error::OutcomeUnknown(DatabaseFailure::timed_out())),
        };
        self.writes.record(&result);
        result
    }

    /// Applies a write, in one transaction with others that wait, and waits until it is visible to
    /// this server's readers. Returns its result.
    ///
    /// # Errors
    /// Returns the error of the write, or an error if the database can't be reached.
    pub async fn write<W: Write>(&self, write: W) -> Result<W::Output> {
        let counter = write.counter();
        let written = self.writer.write(write).await?;
        self.wait_until_published(counter, written.rev).await;
        Ok(written.output)
    }

    /// Waits until the change at `rev` is visible to this server's readers, so that an author who
    /// requests a page after posting sees the update.
    pub(crate) async fn wait_until_published(&self, counter: Counter, rev: Rev) {
        if !self.hub.has_published(counter.name(), rev) {
            // The change may be another process's.
            self.hub.wake();
        }
        let published = self.hub.published(counter, rev);
        if self.following.load(Ordering::Acquire)
            && tokio::time::timeout(PUBLISH_DEADLINE, published)
                .await
                .is_err()
        {
            tracing::warn!(
                %counter,
                rev,
                "a committed change was not published within two seconds"
            );
        }
    }

    async fn run_maintenance(&self) {
        let mut interval = tokio::time::interval(MAINTENANCE_INTERVAL);
        loop {
            interval.tick().await;
            let now = self.clock.now();
            let maintained = async {
                self.maintain_sessions().await?;
                self.store.delete_expired_links(now).await?;
                self.store
                    .delete_operations(now.plus_micros(-OPERATION_LIFETIME))
                    .await?;
                let undo_limit = now.plus_micros(-UNDO_WINDOW);
                self.store.erase_deleted(undo_limit).await?;
                self.store.erase_deleted_messages(undo_limit).await?;
                self.store
                    .delete_nick_claims(now.plus_micros(-CLAIM_LIFE))
                    .await?;
                self.maintain_moderation(now).await?;
                self.store.fold_usernames().await
            };
            if let Err(error) = maintained.await {
                tracing::warn!(%error, cause = ?error, "maintenance failed; retrying in a minute");
            }
        }
    }
}
