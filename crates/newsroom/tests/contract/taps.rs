//! Taps: they follow all feeds, with or without readers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{Applied, Change, Cursor, EntryState, Epoch, FeedFollower, FeedId, UpdateId};
use newsroom::{
    LiveUpdate, Newsroom,
    feed::{FeedTap, TapEvent},
};

use super::support::{BeforeCard, Database, TestNewsroom, batch, draft, text, with_timeout};

on_every_database! {
    tap_sees_feeds_without_readers,
    tap_that_falls_behind_misses_nothing,
    tap_sees_drafts_when_they_are_published,
    tap_sees_the_end_of_an_entry_and_what_follows,
    tap_sees_another_epoch,
    tap_ends_when_the_server_closes,
    tap_reads_a_feed_again_that_could_not_be_read,
    dropped_tap_needs_no_replay_buffers,
}

/// What a publisher knows of each feed.
struct Publisher {
    tap: FeedTap,
    epoch: Epoch,
    feeds: BTreeMap<String, FeedFollower>,
    /// The updates of each feed.
    shown: BTreeMap<String, BTreeSet<UpdateId>>,
    behind: usize,
}

impl Publisher {
    async fn on(newsroom: &Newsroom) -> Self {
        Self {
            tap: newsroom.tap(),
            epoch: newsroom.head(FeedId::All).await.unwrap().epoch,
            feeds: BTreeMap::new(),
            shown: BTreeMap::new(),
            behind: 0,
        }
    }

    /// Follows the tap until `feed` has reached `head`.
    async fn follow(&mut self, newsroom: &Newsroom, feed: FeedId, head: i64) {
        while self
            .feeds
            .get(&feed.to_string())
            .is_none_or(|it| it.cursor().rev < head)
        {
            match with_timeout(self.tap.next()).await.unwrap() {
                TapEvent::Frame(feed, frame) => {
                    self.apply(feed, batch(&frame));
                }
                TapEvent::Behind(feed, rev) => {
                    self.behind += 1;
                    let mut since = Cursor::new(self.epoch, rev);
                    loop {
                        let frame = newsroom.changes(feed, Some(since)).await.unwrap();
                        let batch = batch(&frame);
                        since = batch.cursor();
                        let more = batch.more;
                        self.apply(feed, batch);
                        if !more {
                            break;
                        }
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn apply(&mut self, feed: FeedId, batch: domain::Batch) {
        let feed = feed.to_string();
        let start = Cursor::new(batch.epoch, batch.from);
        let follower = self.feeds.entry(feed.clone());
        let follower = follower.or_insert_with(|| FeedFollower::new(start));
        let Applied::Changes { changes, .. } = follower.apply(batch) else {
            panic!("a gap in the feed {feed}");
        };
        let shown = self.shown.entry(feed).or_default();
        for change in changes {
            match change {
                Change::Upserted(update) => shown.insert(update.id),
                Change::Deleted(deleted) => shown.remove(&deleted.id),
            };
        }
    }

    fn shown(&self, feed: FeedId) -> Vec<UpdateId> {
        self.shown[&feed.to_string()].iter().copied().collect()
    }
}

async fn tap_sees_feeds_without_readers(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "before the tap").await;
    let mut publisher = Publisher::on(&newsroom).await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let mut posted = Vec::new();
    for entry in [&entry, &other, &entry] {
        posted.push(newsroom.post(entry, "an update").await);
    }
    let (feed, head) = (FeedId::Entry(entry.id), posted[2].rev);
    publisher.follow(&newsroom, feed, head).await;
    publisher.follow(&newsroom, FeedId::All, head).await;
    assert_eq!(publisher.shown(feed), [posted[0].id, posted[2].id]);
    publisher
        .follow(&newsroom, FeedId::Entry(other.id), posted[1].rev)
        .await;
    assert_eq!(publisher.shown(FeedId::Entry(other.id)), [posted[1].id]);
    assert_eq!(
        publisher.shown(FeedId::All),
        posted.iter().map(|it| it.id).collect::<Vec<_>>()
    );
}

async fn tap_that_falls_behind_misses_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut publisher = Publisher::on(&newsroom).await;
    let (feed, mut last) = (FeedId::Entry(entry.id), 0);
    // The edits remove the earlier frames of that update from the replay buffer.
    let first = newsroom.post(&entry, "first").await.id;
    let mut ids = vec![first];
    for n in 0..60 {
        let posted = newsroom.post(&entry, "an update").await;
        ids.push(posted.id);
        if n % 3 == 0 {
            let text = draft(&format!("edit {n}"));
            newsroom
                .edit_update(&newsroom.author, first, &text, None, None)
                .await
                .unwrap();
        }
        if n % 10 == 0 {
            newsroom
                .delete_update(&newsroom.author, posted.id, None, None)
                .await
                .unwrap();
            ids.pop();
        }
        last = newsroom.feed_head(&entry).await;
        if n == 30 {
            publisher.follow(&newsroom, feed, last).await;
        }
    }
    publisher.follow(&newsroom, feed, last).await;
    assert_eq!(publisher.shown(feed), ids);
    assert!(publisher.behind > 0, "the tap was never behind");
}

async fn tap_sees_drafts_when_they_are_published(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let mut publisher = Publisher::on(&newsroom).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let hidden = newsroom.post(&draft, "not public").await;
    let live = newsroom.live_entry().await;
    let posted = newsroom.post(&live, "public").await;
    publisher.follow(&newsroom, FeedId::All, posted.rev).await;
    assert_eq!(publisher.shown(FeedId::All), [posted.id]);
    assert!(!publisher.feeds.contains_key(&draft.id.to_string()));
    newsroom
        .start_entry(&newsroom.owner, &draft.slug, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&draft).await;
    publisher
        .follow(&newsroom, FeedId::Entry(draft.id), head)
        .await;
    assert_eq!(publisher.shown(FeedId::Entry(draft.id)), [hidden.id]);
}

/// Returns the next event of the feed of an entry.
async fn next_of(tap: &mut FeedTap, of: FeedId) -> TapEvent {
    loop {
        let event = with_timeout(tap.next()).await.unwrap();
        match &event {
            TapEvent::Frame(feed, _) | TapEvent::Behind(feed, _) | TapEvent::Ended(feed)
                if *feed != of => {}
            _ => return event,
        }
    }
}

async fn tap_sees_the_end_of_an_entry_and_what_follows(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let mut tap = newsroom.tap();
    for _ in 0..2 {
        newsroom
            .end_entry(&newsroom.owner, &entry.slug, None)
            .await
            .unwrap();
        assert!(matches!(next_of(&mut tap, feed).await, TapEvent::Frame(..)));
        assert!(matches!(next_of(&mut tap, feed).await, TapEvent::Ended(_)));
        newsroom
            .start_entry(&newsroom.owner, &entry.slug, None)
            .await
            .unwrap();
        assert!(matches!(next_of(&mut tap, feed).await, TapEvent::Frame(..)));
    }
}

async fn tap_sees_another_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut tap = newsroom.tap();
    newsroom
        .post(&entry, "a change that the reset makes obsolete")
        .await;
    database.begin_epoch().await;
    let epoch = loop {
        if let TapEvent::Reset(epoch) = with_timeout(tap.next()).await.unwrap() {
            break epoch;
        }
    };
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().epoch, epoch);
    newsroom.post(&entry, "in the new epoch").await;
    let event = next_of(&mut tap, FeedId::Entry(entry.id)).await;
    assert!(matches!(event, TapEvent::Frame(..)), "{event:?}");
}

async fn tap_ends_when_the_server_closes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut tap = newsroom.tap();
    newsroom.post(&entry, "the last one").await;
    newsroom.hub().close();
    let mut changes = 0;
    while let Some(event) = with_timeout(tap.next()).await {
        // Of a feed whose replay buffer was dropped meanwhile.
        let is_change = matches!(event, TapEvent::Frame(..) | TapEvent::Behind(..));
        assert!(is_change, "{event:?}");
        changes += 1;
    }
    assert_eq!(changes, 2, "of the entry and of all entries");
}

/// A renderer panics at one update.
async fn tap_reads_a_feed_again_that_could_not_be_read(database: Database) {
    let (mut options, manual_clock) = database.options();
    let panics = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&panics);
    options.render = Arc::new(BeforeCard {
        render: options.render,
        before: move |update: &LiveUpdate| {
            let fails = fails.load(Ordering::Relaxed) && text(update) == "panic";
            assert!(!fails, "this text can't be rendered");
        },
    });
    let newsroom = TestNewsroom::on_options(&database, options, manual_clock).await;
    let entry = newsroom.live_entry().await;
    let mut publisher = Publisher::on(&newsroom).await;
    let first = newsroom.post(&entry, "first").await;
    let feed = FeedId::Entry(entry.id);
    publisher.follow(&newsroom, feed, first.rev).await;
    let panic = newsroom.post(&entry, "panic").await;
    panics.store(false, Ordering::Relaxed);
    let last = newsroom.post(&entry, "last").await;
    publisher.follow(&newsroom, feed, last.rev).await;
    assert_eq!(publisher.shown(feed), [first.id, panic.id, last.id]);
}

async fn dropped_tap_needs_no_replay_buffers(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    drop(newsroom.tap());
    newsroom.post(&entry, "an update").await;
    assert_eq!(newsroom.hub().open_feeds(), 0);
}
