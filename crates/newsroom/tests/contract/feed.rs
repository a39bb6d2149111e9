//! The feed's responses: batches and heads.

use domain::{Change, Cursor, Deleted, EntryChange, EntryState, Epoch, FeedId, Language, Order};
use newsroom::Error;

use super::support::{Database, TestNewsroom, batch, card, draft};

on_every_database! {
    full_batch_lists_all_updates_in_order_of_revision,
    batch_contains_only_changes_after_the_cursor,
    batch_contains_the_latest_state_of_an_update,
    batch_contains_a_change_of_the_entry_itself,
    feed_of_all_entries_contains_every_entry,
    cursor_of_the_front_page_is_valid_for_an_entry,
    more_than_500_changes_are_split_into_batches,
    head_contains_the_cursor_and_the_transport_settings,
}

async fn full_batch_lists_all_updates_in_order_of_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let edited = newsroom.post(&entry, "teh goal").await.id;
    let stays = newsroom.post(&entry, "stays").await;
    let goes = newsroom.post(&entry, "goes").await.id;
    newsroom
        .edit_update(&newsroom.author, edited, &draft("the goal"), None, None)
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, goes, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;

    let everything = batch(&newsroom.changes(feed, None).await.unwrap());
    assert_eq!(
        (everything.from, everything.to, everything.head),
        (0, head, head)
    );
    assert!(!everything.more);
    let [
        Change::Upserted(first),
        Change::Upserted(second),
        Change::Deleted(third),
    ] = &everything.changes[..]
    else {
        panic!("{everything:?}");
    };
    assert_eq!((first.id, first.rev), (stays.id, stays.rev));
    assert_eq!((second.id, second.rev), (edited, head - 1));
    assert_eq!(second.html, card(edited, "the goal"));
    assert_eq!(
        (second.entry_id, second.posted_at),
        (entry.id, newsroom.clock().now())
    );
    assert_eq!(
        third,
        &Deleted {
            id: goes,
            rev: head
        }
    );
    assert_eq!(everything.entry.as_ref().unwrap().id, entry.id);

    let from_zero = newsroom.changes_after(feed, 0).await;
    assert_eq!(from_zero, everything, "revision zero selects everything");
}

async fn batch_contains_only_changes_after_the_cursor(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    newsroom.post(&entry, "known").await;
    let known = newsroom.entry_page(&entry.slug).await.unwrap().cursor;

    let nothing = newsroom.changes(feed, Some(known)).await.unwrap();
    assert!(nothing.empty && batch(&nothing).is_empty());
    assert_eq!(
        (nothing.from, nothing.to, nothing.more),
        (known.rev, known.rev, false)
    );

    let posted = newsroom.post(&entry, "new").await;
    let later = newsroom.changes_after(feed, known.rev).await;
    assert_eq!(
        later.changes.iter().map(Change::id).collect::<Vec<_>>(),
        [posted.id]
    );
    assert_eq!((later.from, later.to), (known.rev, posted.rev));
    assert_eq!((later.entry, later.entries), (None, vec![]));
}

async fn batch_contains_the_latest_state_of_an_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let id = newsroom.post(&entry, "one").await.id;
    let known = newsroom.feed_head(&entry).await;
    for text in ["two", "three"] {
        newsroom
            .edit_update(&newsroom.author, id, &draft(text), None, None)
            .await
            .unwrap();
    }
    let later = newsroom.changes_after(feed, known).await;
    let [Change::Upserted(update)] = &later.changes[..] else {
        panic!("{later:?}")
    };
    assert_eq!(update.html, card(id, "three"));

    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    let later = newsroom.changes_after(feed, known).await;
    let rev = newsroom.feed_head(&entry).await;
    assert_eq!(later.changes, [Change::Deleted(Deleted { id, rev })]);

    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    let later = newsroom.changes_after(feed, known).await;
    let [Change::Upserted(update)] = &later.changes[..] else {
        panic!("{later:?}")
    };
    assert_eq!((update.id, update.rev), (id, rev + 1));
}

async fn batch_contains_a_change_of_the_entry_itself(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let known = newsroom.post(&entry, "known").await.rev;
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let ended = EntryChange {
        id: entry.id,
        rev: known + 1,
        state: EntryState::Ended,
        title: "final".into(),
        since: newsroom.desk_page(&entry.slug).await.entry.since(),
        since_html: newsroom.desk_page(&entry.slug).await.entry.since(),
        slug: "final".into(),
        summary: String::new(),
        time_zone: "UTC".into(),
        language: Language::default(),
        default_order: Order::Oldest,
        highlights: String::new(),
        article: None,
        summary_html: String::new(),
    };
    let later = newsroom.changes_after(FeedId::Entry(entry.id), known).await;
    assert_eq!(
        (later.entry, later.entries),
        (Some(Box::new(ended.clone())), vec![])
    );
    assert_eq!((later.changes, later.to), (vec![], known + 1));
    let later = newsroom.changes_after(FeedId::All, known).await;
    let in_all = EntryChange {
        summary_html: "final: known".into(),
        since_html: String::new(),
        ..ended
    };
    assert_eq!((later.entry, later.entries), (None, vec![in_all]));
    assert_eq!(
        newsroom.head(FeedId::Entry(entry.id)).await.unwrap().state,
        EntryState::Ended
    );
    assert_eq!(
        newsroom.head(FeedId::All).await.unwrap().state,
        EntryState::Live
    );
}

async fn feed_of_all_entries_contains_every_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let one = newsroom.entry("one", EntryState::Live).await;
    let other = newsroom.entry("other", EntryState::Upcoming).await;
    let posted = [
        newsroom.post(&one, "a").await,
        newsroom.post(&other, "b").await,
    ];
    let everything = batch(&newsroom.changes(FeedId::All, None).await.unwrap());
    let changes: Vec<_> = everything
        .changes
        .iter()
        .map(|c| (c.id(), c.rev()))
        .collect();
    assert_eq!(changes, posted.map(|posted| (posted.id, posted.rev)));
    let entries: Vec<_> = everything.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(entries, [one.id, other.id]);
    assert_eq!(
        (everything.to, everything.head),
        (posted[1].rev, posted[1].rev)
    );
    assert_eq!(
        newsroom.head(FeedId::All).await.unwrap().head,
        posted[1].rev
    );
    assert_eq!(
        newsroom.feed_head(&one).await,
        posted[0].rev,
        "another entry changed this head"
    );
}

async fn cursor_of_the_front_page_is_valid_for_an_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let one = newsroom.entry("one", EntryState::Live).await;
    let other = newsroom.entry("other", EntryState::Live).await;
    newsroom.post(&one, "a").await;
    let known = newsroom.post(&other, "b").await.rev;
    let feed = FeedId::Entry(one.id);
    let nothing = newsroom.changes_after(feed, known).await;
    assert!(nothing.is_empty());
    assert_eq!(nothing.to, known, "the cursor moved backwards");
    let epoch = nothing.epoch;
    let begins = newsroom
        .check_cursor(feed, &Cursor::new(epoch, known))
        .await;
    assert_eq!(begins.unwrap(), known);
    let posted = newsroom.post(&one, "c").await;
    let later = newsroom.changes_after(feed, known).await;
    assert_eq!(
        later.changes.iter().map(Change::id).collect::<Vec<_>>(),
        [posted.id]
    );
}

async fn more_than_500_changes_are_split_into_batches(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut posted = Vec::new();
    for number in 0..503 {
        posted.push(newsroom.post(&entry, &number.to_string()).await);
    }
    let head = posted[502].rev;
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        let first = newsroom.changes_after(feed, 0).await;
        assert_eq!((first.changes.len(), first.more), (500, true));
        assert_eq!((first.to, first.head), (posted[499].rev, head));
        let second = newsroom.changes_after(feed, first.to).await;
        assert_eq!((second.changes.len(), second.more), (3, false));
        assert_eq!(
            (second.from, second.to, second.head),
            (first.to, head, head)
        );
        let ids = first.changes.iter().chain(&second.changes).map(Change::id);
        assert!(ids.eq(posted.iter().map(|posted| posted.id)));

        let exactly_one_batch = newsroom.changes_after(feed, posted[2].rev).await;
        assert_eq!(
            (exactly_one_batch.changes.len(), exactly_one_batch.more),
            (500, false)
        );
    }
}

async fn head_contains_the_cursor_and_the_transport_settings(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "a").await;
    newsroom.manual_clock.advance(7);
    let head = newsroom.head(FeedId::Entry(entry.id)).await.unwrap();
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(Cursor::new(head.epoch, head.head), page.cursor);
    assert_eq!((head.head, head.state), (posted.rev, EntryState::Live));
    assert_eq!(
        (head.interval_ms, head.transport),
        (5_000, domain::Transport::Auto)
    );
    assert_eq!(
        (head.build.as_str(), head.now),
        ("test-build", newsroom.clock().now())
    );
    let unknown = FeedId::Entry(domain::EntryId(999));
    assert_refused!(newsroom.head(unknown).await, Error::NotFound("live blog"));
    assert_refused!(
        newsroom.changes(unknown, None).await,
        Error::NotFound("live blog")
    );
    let cursor = Cursor::new(Epoch::parse("x").unwrap(), 0);
    assert_refused!(
        newsroom.check_cursor(unknown, &cursor).await,
        Error::NotFound("live blog")
    );
}
