//! What a feed answers: batches, and what is left of them.

use domain::{Change, Cursor, Deleted, EntryChange, EntryState, Epoch, Language, Order};
use newsroom::{Error, live::FeedId};

use super::support::{Database, TestNewsroom, batch, card, draft};

on_every_database! {
    everything_is_told_in_order,
    only_what_changed_since_is_told,
    a_change_is_told_in_its_latest_state,
    an_entrys_own_change_is_told,
    the_feed_of_all_entries_tells_of_each,
    a_cursor_of_the_front_page_serves_an_entry,
    more_than_500_changes_come_in_pages,
    the_head_tells_how_to_stay_in_touch,
}

async fn everything_is_told_in_order(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let edited = room.post(&entry, "teh goal").await.id;
    let stays = room.post(&entry, "stays").await;
    let goes = room.post(&entry, "goes").await.id;
    room.edit_update(&room.author, edited, &draft("the goal"), None)
        .await
        .unwrap();
    room.delete_update(&room.author, goes, None).await.unwrap();
    let head = room.feed_head(&entry).await;

    let everything = batch(&room.changes(feed, None).await.unwrap());
    assert_eq!(
        (everything.from, everything.to, everything.head),
        (0, head, head)
    );
    assert!(!everything.more);
    let [
        Change::Presented(first),
        Change::Presented(second),
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
        (entry.id, room.clock().now())
    );
    assert_eq!(
        third,
        &Deleted {
            id: goes,
            rev: head
        }
    );
    assert_eq!(everything.entry.as_ref().unwrap().id, entry.id);

    let from_zero = room.changes_after(feed, 0).await;
    assert_eq!(from_zero, everything, "revision zero means everything");
}

async fn only_what_changed_since_is_told(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    room.post(&entry, "known").await;
    let known = room.entry_page(&entry.slug).await.unwrap().cursor;

    let nothing = room.changes(feed, Some(known.clone())).await.unwrap();
    assert!(nothing.empty && batch(&nothing).is_empty());
    assert_eq!(
        (nothing.from, nothing.to, nothing.more),
        (known.rev, known.rev, false)
    );

    let posted = room.post(&entry, "new").await;
    let news = room.changes_after(feed, known.rev).await;
    assert_eq!(
        news.changes.iter().map(Change::id).collect::<Vec<_>>(),
        [posted.id]
    );
    assert_eq!((news.from, news.to), (known.rev, posted.rev));
    assert_eq!((news.entry, news.entries), (None, vec![]));
}

async fn a_change_is_told_in_its_latest_state(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let feed = FeedId::Entry(entry.id);
    let id = room.post(&entry, "one").await.id;
    let known = room.feed_head(&entry).await;
    for text in ["two", "three"] {
        room.edit_update(&room.author, id, &draft(text), None)
            .await
            .unwrap();
    }
    let news = room.changes_after(feed, known).await;
    let [Change::Presented(update)] = &news.changes[..] else {
        panic!("{news:?}")
    };
    assert_eq!(update.html, card(id, "three"));

    room.delete_update(&room.author, id, None).await.unwrap();
    let news = room.changes_after(feed, known).await;
    let rev = room.feed_head(&entry).await;
    assert_eq!(news.changes, [Change::Deleted(Deleted { id, rev })]);

    room.restore_update(&room.author, id, None).await.unwrap();
    let news = room.changes_after(feed, known).await;
    let [Change::Presented(update)] = &news.changes[..] else {
        panic!("{news:?}")
    };
    assert_eq!((update.id, update.rev), (id, rev + 1));
}

async fn an_entrys_own_change_is_told(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let known = room.post(&entry, "known").await.rev;
    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    let ended = EntryChange {
        id: entry.id,
        rev: known + 1,
        state: EntryState::Ended,
        title: "final".into(),
        since: room.desk_page(&entry.slug).await.entry.since(),
        since_html: room.desk_page(&entry.slug).await.entry.since(),
        slug: "final".into(),
        summary: String::new(),
        time_zone: "UTC".into(),
        language: Language::default(),
        default_order: Order::Oldest,
        highlights: String::new(),
        line: String::new(),
    };
    let news = room.changes_after(FeedId::Entry(entry.id), known).await;
    assert_eq!(
        (news.entry, news.entries),
        (Some(Box::new(ended.clone())), vec![])
    );
    assert_eq!((news.changes, news.to), (vec![], known + 1));
    let news = room.changes_after(FeedId::All, known).await;
    let in_all = EntryChange {
        line: "final: known".into(),
        since_html: String::new(),
        ..ended
    };
    assert_eq!((news.entry, news.entries), (None, vec![in_all]));
    assert_eq!(
        room.head(FeedId::Entry(entry.id)).await.unwrap().state,
        EntryState::Ended
    );
    assert_eq!(
        room.head(FeedId::All).await.unwrap().state,
        EntryState::Live
    );
}

async fn the_feed_of_all_entries_tells_of_each(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let one = room.entry("one", EntryState::Live).await;
    let other = room.entry("other", EntryState::Upcoming).await;
    let posted = [room.post(&one, "a").await, room.post(&other, "b").await];
    let everything = batch(&room.changes(FeedId::All, None).await.unwrap());
    let told: Vec<_> = everything
        .changes
        .iter()
        .map(|c| (c.id(), c.rev()))
        .collect();
    assert_eq!(told, posted.map(|posted| (posted.id, posted.rev)));
    let entries: Vec<_> = everything.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(entries, [one.id, other.id]);
    assert_eq!(
        (everything.to, everything.head),
        (posted[1].rev, posted[1].rev)
    );
    assert_eq!(room.head(FeedId::All).await.unwrap().head, posted[1].rev);
    assert_eq!(
        room.feed_head(&one).await,
        posted[0].rev,
        "another entry moved it"
    );
}

async fn a_cursor_of_the_front_page_serves_an_entry(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let one = room.entry("one", EntryState::Live).await;
    let other = room.entry("other", EntryState::Live).await;
    room.post(&one, "a").await;
    let known = room.post(&other, "b").await.rev;
    let feed = FeedId::Entry(one.id);
    let nothing = room.changes_after(feed, known).await;
    assert!(nothing.is_empty());
    assert_eq!(nothing.to, known, "the cursor went back");
    let epoch = nothing.epoch.clone();
    let begins = room.check_cursor(feed, &Cursor::new(epoch, known)).await;
    assert_eq!(begins.unwrap(), known);
    let posted = room.post(&one, "c").await;
    let news = room.changes_after(feed, known).await;
    assert_eq!(
        news.changes.iter().map(Change::id).collect::<Vec<_>>(),
        [posted.id]
    );
}

async fn more_than_500_changes_come_in_pages(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let mut posted = Vec::new();
    for number in 0..503 {
        posted.push(room.post(&entry, &number.to_string()).await);
    }
    let head = posted[502].rev;
    for feed in [FeedId::Entry(entry.id), FeedId::All] {
        let first = room.changes_after(feed, 0).await;
        assert_eq!((first.changes.len(), first.more), (500, true));
        assert_eq!((first.to, first.head), (posted[499].rev, head));
        let second = room.changes_after(feed, first.to).await;
        assert_eq!((second.changes.len(), second.more), (3, false));
        assert_eq!(
            (second.from, second.to, second.head),
            (first.to, head, head)
        );
        let told = first.changes.iter().chain(&second.changes).map(Change::id);
        assert!(told.eq(posted.iter().map(|posted| posted.id)));

        let just_one_page = room.changes_after(feed, posted[2].rev).await;
        assert_eq!(
            (just_one_page.changes.len(), just_one_page.more),
            (500, false)
        );
    }
}

async fn the_head_tells_how_to_stay_in_touch(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let posted = room.post(&entry, "a").await;
    room.hand.advance(7);
    let head = room.head(FeedId::Entry(entry.id)).await.unwrap();
    let page = room.entry_page(&entry.slug).await.unwrap();
    assert_eq!(Cursor::new(head.epoch.clone(), head.head), page.cursor);
    assert_eq!((head.head, head.state), (posted.rev, EntryState::Live));
    assert_eq!(
        (head.interval_ms, head.transport),
        (5_000, domain::Road::Auto)
    );
    assert_eq!(
        (head.build.as_str(), head.now),
        ("test-build", room.clock().now())
    );
    let nowhere = FeedId::Entry(domain::EntryId(999));
    assert_refused!(room.head(nowhere).await, Error::Unknown("entry"));
    assert_refused!(room.changes(nowhere, None).await, Error::Unknown("entry"));
    let cursor = Cursor::new(Epoch::parse("x").unwrap(), 0);
    assert_refused!(
        room.check_cursor(nowhere, &cursor).await,
        Error::Unknown("entry")
    );
}
