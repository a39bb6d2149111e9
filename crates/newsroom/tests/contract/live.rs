//! Streams: the events that a connection receives, and when it is closed.

use std::time::Duration;

use domain::{Change, EntryId, EntryState, FeedId, Head, PostedUpdate};
use newsroom::feed::StreamEvent;
use tokio::time::timeout;

use super::support::{Database, Event, PageModel, Stream, TestNewsroom, card, draft, with_timeout};

on_every_database! {
    stream_sends_every_change_once,
    stream_starts_at_the_cursor_of_the_page,
    stream_without_a_cursor_starts_now,
    stream_does_not_send_text_that_was_edited_or_deleted_since,
    stream_of_all_entries_sends_every_change,
    stream_far_behind_sends_every_change_once,
    streams_of_one_feed_share_the_same_bytes,
    streams_of_an_ended_entry_close_after_its_last_change,
    shutdown_closes_every_stream,
    idle_stream_sends_heartbeats,
    unknown_entry_has_no_stream,
}

async fn stream_sends_every_change_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut page = PageModel::open(&newsroom, &entry).await;
    let since = Some(page.cursor().rev);
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), since);

    let PostedUpdate { id, rev } = newsroom.post(&entry, "teh goal").await;
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [card(id, "teh goal")]);
    newsroom
        .edit_update(&newsroom.author, id, &draft("the goal"), None, None)
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [card(id, "the goal")]);
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [""; 0]);
    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [card(id, "the goal")]);

    assert_eq!(page.applied, [0, 1, 2, 3].map(|later| (id, rev + later)));
    assert_eq!(
        *page.cursor(),
        newsroom.entry_page(&entry.slug).await.unwrap().cursor
    );
}

async fn stream_starts_at_the_cursor_of_the_page(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let shown = newsroom.post(&entry, "shown").await;
    let mut page = PageModel::open(&newsroom, &entry).await;
    let missed = [
        newsroom.post(&entry, "b").await,
        newsroom.post(&entry, "c").await,
    ];

    let mut stream = Stream::open(&newsroom.newsroom, feed, Some(page.cursor().rev));
    page.apply(stream.next_batch().await);
    let arrived = newsroom.post(&entry, "d").await;
    page.apply(stream.next_batch().await);
    assert_eq!(
        page.applied,
        [missed[0], missed[1], arrived].map(|p| (p.id, p.rev))
    );
    assert_eq!(page.cards().len(), 4);

    // A browser that slept reconnects with an older cursor: the stream sends the changes again, and
    // the page applies none of them twice.
    let mut stream = Stream::open(&newsroom.newsroom, feed, Some(shown.rev));
    page.apply(stream.next_batch().await);
    assert_eq!(page.applied.len(), 3);
}

async fn stream_without_a_cursor_starts_now(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "before").await;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), None);
    let posted = newsroom.post(&entry, "after").await;
    let batch = stream.next_batch().await;
    assert_eq!(
        batch.changes.iter().map(Change::id).collect::<Vec<_>>(),
        [posted.id]
    );
}

async fn stream_does_not_send_text_that_was_edited_or_deleted_since(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        let since = newsroom.feed_head(&entry).await;
        let mut open = Stream::open(&newsroom.newsroom, feed, Some(since));
        let edited = newsroom.post(&entry, "a slip").await;
        let deleted = newsroom.post(&entry, "a secret").await;
        let kept = newsroom.post(&entry, "kept").await;
        // The feed has a subscriber, so that the replay buffer holds all of it.
        for _ in 0..3 {
            open.next_batch().await;
        }
        newsroom
            .edit_update(&newsroom.author, edited.id, &draft("put right"), None, None)
            .await
            .unwrap();
        newsroom
            .delete_update(&newsroom.author, deleted.id, None, None)
            .await
            .unwrap();

        let head = newsroom.feed_head(&entry).await;
        for from in [since, edited.rev, deleted.rev, kept.rev] {
            let mut late = Stream::open(&newsroom.newsroom, feed, Some(from));
            let mut received = String::new();
            loop {
                let batch = late.next_batch().await;
                received.push_str(&serde_json::to_string(&batch).unwrap());
                if batch.to >= head {
                    break;
                }
            }
            assert!(!received.contains("a slip"), "after {from}: {received}");
            assert!(!received.contains("a secret"), "after {from}: {received}");
            assert!(received.contains("put right"), "after {from}: {received}");
        }
    }
}

async fn stream_of_all_entries_sends_every_change(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::All, None);
    let one = newsroom.live_entry().await;
    assert_eq!(stream.next_batch().await.entries[0].id, one.id);
    let other = newsroom.entry("other", EntryState::Upcoming).await;
    assert_eq!(stream.next_batch().await.entries[0].id, other.id);
    for entry in [&one, &other] {
        let posted = newsroom.post(entry, "a").await;
        let batch = stream.next_batch().await;
        assert_eq!((batch.changes.len(), batch.to), (1, posted.rev));
        assert_eq!(batch.changes[0].id(), posted.id);
    }
    newsroom
        .end_entry(&newsroom.author, &one.slug, None)
        .await
        .unwrap();
    let batch = stream.next_batch().await;
    assert_eq!(batch.entries[0].state, EntryState::Ended);
    let posted = newsroom.post(&other, "b").await;
    assert_eq!(
        stream.next_batch().await.to,
        posted.rev,
        "the stream stays open"
    );
}

async fn stream_far_behind_sends_every_change_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut page = PageModel::open(&newsroom, &entry).await;
    let since = Some(page.cursor().rev);
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), since);
    let mut posted = Vec::new();
    // More than the replay buffer holds, and more than one batch holds.
    for number in 0..530 {
        let update = newsroom.post(&entry, &number.to_string()).await;
        posted.push((update.id, update.rev));
    }
    while page.cursor().rev < posted[529].1 {
        page.apply(stream.next_batch().await);
    }
    assert_eq!(page.applied, posted);
}

async fn streams_of_one_feed_share_the_same_bytes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let mut one = newsroom.hub().subscribe(feed, None).unwrap();
    let mut other = newsroom.hub().subscribe(feed, None).unwrap();
    assert_eq!(newsroom.hub().open_feeds(), 1);
    newsroom.post(&entry, "a").await;
    let mut bytes = Vec::new();
    for subscription in [&mut one, &mut other] {
        loop {
            match with_timeout(subscription.next()).await {
                StreamEvent::Heartbeat(_) => {}
                StreamEvent::Batch(frame) => break bytes.push(frame.event().text()),
                signal => panic!("{signal:?}"),
            }
        }
    }
    assert_eq!(
        bytes[0].as_ptr(),
        bytes[1].as_ptr(),
        "each stream got a copy"
    );
}

async fn streams_of_an_ended_entry_close_after_its_last_change(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let since = Some(newsroom.feed_head(&entry).await);
    let early = [
        Stream::open(&newsroom.newsroom, feed, since),
        Stream::open(&newsroom.newsroom, feed, since),
    ];
    let last = newsroom.post(&entry, "last").await;
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let late = Stream::open(&newsroom.newsroom, feed, since);
    for mut stream in early.into_iter().chain([late]) {
        let mut batches = Vec::new();
        let state = loop {
            match stream.next_event().await {
                Event::Batch(batch) => batches.push(batch),
                Event::Ended => break batches.last().unwrap().entry.as_ref().unwrap().state,
                event => panic!("{event:?}"),
            }
        };
        assert_eq!(state, EntryState::Ended);
        let updates: Vec<_> = batches.iter().flat_map(|batch| &batch.changes).collect();
        assert_eq!(
            updates.iter().map(|c| c.id()).collect::<Vec<_>>(),
            [last.id]
        );
    }
    let mut next = Stream::open(&newsroom.newsroom, feed, None);
    assert!(matches!(next.next_event().await, Event::Ended));

    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let mut next = Stream::open(&newsroom.newsroom, feed, None);
    let posted = newsroom.post(&entry, "extra time").await;
    assert_eq!(next.next_batch().await.to, posted.rev);
}

async fn shutdown_closes_every_stream(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (feed, without_subscribers) = (FeedId::Entry(entry.id), FeedId::All);
    let before = Stream::open(&newsroom.newsroom, feed, None);
    for _ in 0..2 {
        newsroom.hub().close();
    }
    let after =
        [feed, without_subscribers].map(|feed| Stream::open(&newsroom.newsroom, feed, None));
    for mut stream in after.into_iter().chain([before]) {
        assert!(matches!(stream.next_event().await, Event::Closing));
    }
    // A request in progress can still be completed.
    newsroom.post(&entry, "last").await;
}

async fn idle_stream_sends_heartbeats(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let mut subscription = newsroom.hub().subscribe(FeedId::All, None).unwrap();
    // The first heartbeat may be over, and the next one comes fifteen seconds later.
    let next = timeout(Duration::from_mins(1), subscription.next());
    let StreamEvent::Heartbeat(event) = next.await.unwrap() else {
        panic!()
    };
    let event = String::from_utf8(event.text().to_vec()).unwrap();
    let data = event.strip_prefix("event: heartbeat\ndata: ").unwrap();
    let head: Head = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!(head, newsroom.head(FeedId::All).await.unwrap());
}

async fn unknown_entry_has_no_stream(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let unknown = FeedId::Entry(EntryId(999));
    assert!(newsroom.hub().subscribe(unknown, None).is_none());
    assert!(newsroom.hub().head(unknown).is_none());
    assert_eq!(newsroom.hub().open_feeds(), 0);
}
