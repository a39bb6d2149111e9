//! Entries: creating, starting, ending and listing them.

use domain::{EntryState, FeedId, Invalid, Order};
use newsroom::{Entry, Error, FrontPage, NewEntry, UNDO_WINDOW};

use super::support::{Database, PageModel, Stream, TestNewsroom, slug};

on_every_database! {
    entry_is_stored_as_entered,
    slug_is_assigned_once,
    entry_starts_ends_and_reopens,
    new_start_time_rerenders_the_cards,
    entry_that_never_started_cannot_be_ended,
    unknown_entry_cannot_be_started_or_ended,
    front_page_sorts_entries_by_state_and_start,
    desk_lists_all_entries,
    long_lists_are_split_into_pages,
    desk_page_shows_a_draft,
}

async fn entry_is_stored_as_entered(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let new = NewEntry::parse(
        " Élection night: the count! ",
        "",
        "All results,\r\nas they come in.",
        "europe/paris",
        EntryState::Upcoming,
        Order::Latest,
    )
    .unwrap();
    let id = newsroom
        .create_entry(Some(&newsroom.author), &new)
        .await
        .unwrap()
        .id;
    let page = newsroom
        .entry_page(&slug("election-night-the-count"))
        .await
        .unwrap();
    let now = newsroom.clock().now();
    assert_eq!(
        page.entry,
        Entry {
            epoch: page.entry.epoch,
            id,
            slug: slug("election-night-the-count"),
            title: domain::Title::parse("Élection night: the count!").unwrap(),
            summary: domain::Summary::parse("All results,\nas they come in.").unwrap(),
            state: EntryState::Upcoming,
            time_zone: domain::ZoneName::new_unchecked("Europe/Paris"),
            language: domain::Language::default(),
            own_language: None,
            has_chat: false,
            starts_at: now,
            ended_at: None,
            default_order: Order::Latest,
            rev: page.cursor.rev,
            head: page.cursor.rev,
        }
    );
    assert_eq!(page.updates, []);
}

async fn slug_is_assigned_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let head = newsroom.hub().head(domain::FeedId::All).unwrap().head;
    for state in [EntryState::Live, EntryState::Draft] {
        let new = NewEntry::parse("Another", "final", "", "", state, Order::Oldest).unwrap();
        let refused = newsroom.create_entry(Some(&newsroom.owner), &new).await;
        assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
    }
    assert_eq!(newsroom.entry_page(&entry.slug).await.unwrap().entry, entry);
    let next = newsroom.entry("next", EntryState::Live).await;
    assert_eq!(next.head, head + 1, "a refused entry took revisions");
}

async fn entry_starts_ends_and_reopens(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.entry("final", EntryState::Upcoming).await;
    let now = async || {
        newsroom.manual_clock.advance(1_000_000);
        newsroom.clock().now()
    };
    let page = async || newsroom.entry_page(&entry.slug).await.unwrap().entry;

    let started_at = now().await;
    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let started = page().await;
    assert_eq!(started.state, EntryState::Live);
    assert_eq!((started.starts_at, started.ended_at), (started_at, None));
    assert!(started.rev > entry.rev);
    assert_eq!(started.head, started.rev);
    now().await;
    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    assert_eq!(page().await, started, "starting it again changed something");

    let ended_at = now().await;
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let ended = page().await;
    assert_eq!(ended.state, EntryState::Ended);
    assert_eq!(
        (ended.starts_at, ended.ended_at),
        (started_at, Some(ended_at))
    );
    now().await;
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    assert_eq!(page().await, ended, "ending it again changed something");

    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let again = page().await;
    assert_eq!(again.state, EntryState::Live);
    assert_eq!((again.starts_at, again.ended_at), (started_at, None));
}

/// A card shows its date unless it was posted on the day on which the entry starts.
async fn new_start_time_rerenders_the_cards(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.entry("final", EntryState::Upcoming).await;
    let posted = [
        newsroom.post(&entry, "soon").await,
        newsroom.post(&entry, "sooner").await,
    ];
    let mut page = PageModel::open(&newsroom, &entry).await;
    let feed = FeedId::Entry(entry.id);
    let mut stream = Stream::open(&newsroom.newsroom, feed, Some(page.cursor().rev));
    newsroom.manual_clock.advance(24 * 60 * 60 * 1_000_000);
    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();

    page.apply(stream.next_batch().await);
    let changed: Vec<_> = page.applied.iter().map(|(id, _)| *id).collect();
    assert_eq!(changed, posted.map(|update| update.id));
    for (_, rev) in &page.applied {
        assert!(*rev > posted[1].rev);
    }

    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    newsroom
        .start_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    page.catch_up(&newsroom).await;
    assert_eq!(page.applied.len(), 2, "reopening keeps the start time");
}

async fn entry_that_never_started_cannot_be_ended(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (text, state) in [("draft", EntryState::Draft), ("soon", EntryState::Upcoming)] {
        let entry = newsroom.entry(text, state).await;
        for _ in 0..2 {
            let ended = newsroom.end_entry(&newsroom.owner, &entry.slug, None).await;
            assert_refused!(ended, Error::Forbidden(_));
        }
        assert_eq!(newsroom.desk_page(&entry.slug).await.entry, entry);
    }
}

async fn unknown_entry_cannot_be_started_or_ended(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let nowhere = slug("nowhere");
    assert_refused!(
        newsroom.start_entry(&newsroom.owner, &nowhere, None).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.end_entry(&newsroom.owner, &nowhere, None).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.desk_entry(&newsroom.owner, &nowhere).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.entry_page(&nowhere).await,
        Error::NotFound("live blog")
    );
}

async fn front_page_sorts_entries_by_state_and_start(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (text, state) in [
        ("draft", EntryState::Draft),
        ("soon-1", EntryState::Upcoming),
        ("soon-2", EntryState::Upcoming),
        ("live-1", EntryState::Live),
        ("live-2", EntryState::Live),
        ("over-1", EntryState::Live),
        ("over-2", EntryState::Live),
    ] {
        newsroom.entry(text, state).await;
        newsroom.manual_clock.advance(1_000_000);
    }
    for text in ["over-2", "over-1"] {
        newsroom
            .end_entry(&newsroom.author, &slug(text), None)
            .await
            .unwrap();
    }
    // It was started last, so it is the latest.
    newsroom
        .start_entry(&newsroom.author, &slug("soon-1"), None)
        .await
        .unwrap();

    let page = newsroom.front_page().await.unwrap();
    let slugs = |state| -> Vec<_> {
        let entries = page.entries.iter().map(|(entry, _)| entry);
        let entries = entries.filter(|entry| entry.state == state);
        entries.map(|entry| entry.slug.as_str()).collect()
    };
    assert_eq!(slugs(EntryState::Live), ["soon-1", "live-2", "live-1"]);
    assert_eq!(slugs(EntryState::Upcoming), ["soon-2"]);
    assert_eq!(slugs(EntryState::Ended), ["over-2", "over-1"]);
    assert_eq!(page.entries.len(), 6);
}

async fn desk_lists_all_entries(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    newsroom.manual_clock.advance(1_000_000);
    let live = newsroom.live_entry().await;
    newsroom.post(&live, "one").await;
    let deleted = newsroom.post(&live, "two").await.id;
    newsroom.post(&live, "three").await;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();

    let desk = newsroom.desk(&newsroom.author, None).await.unwrap();
    let rows = desk.items.iter().map(|row| (row.entry.id, row.updates));
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows, [(live.id, 2), (draft.id, 0)]);
}

async fn desk_page_shows_a_draft(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.entry("draft", EntryState::Draft).await;
    let posted = newsroom.post(&entry, "prepared").await;
    let deleted = newsroom.post(&entry, "gone").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    newsroom.manual_clock.advance(UNDO_WINDOW);
    let page = newsroom
        .desk_entry(&newsroom.author, &entry.slug)
        .await
        .unwrap();
    assert_eq!(page.entry.id, entry.id);
    assert_eq!(
        page.updates.iter().map(|u| u.id).collect::<Vec<_>>(),
        [posted.id]
    );
    let undoable: Vec<_> = page.deleted.iter().map(|u| u.id).collect();
    assert_eq!(undoable, [deleted]);

    newsroom.manual_clock.advance(1);
    let page = newsroom.desk_page(&entry.slug).await;
    assert_eq!(page.deleted, [], "the deletion can no longer be undone");
}

async fn long_lists_are_split_into_pages(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let live = newsroom.live_entry().await;
    newsroom.entry("soon", EntryState::Upcoming).await;
    let mut ended = Vec::new();
    for number in 1..=102 {
        newsroom.manual_clock.advance(1_000_000);
        let slug = format!("over-{number}");
        ended.push(newsroom.entry(&slug, EntryState::Ended).await.id);
    }
    ended.reverse();
    let ids = |page: &FrontPage, state| -> Vec<_> {
        let entries = page.entries.iter().map(|(entry, _)| entry);
        let entries = entries.filter(|entry| entry.state == state);
        entries.map(|entry| entry.id).collect()
    };

    let front = newsroom.front_page().await.unwrap();
    assert_eq!(ids(&front, EntryState::Live), [live.id]);
    assert_eq!(ids(&front, EntryState::Upcoming).len(), 1);
    assert_eq!(ids(&front, EntryState::Ended), ended[..100]);
    assert_eq!(front.next, Some(ended[99]));
    let older = newsroom.ended_page(ended[99]).await.unwrap();
    assert_eq!(ids(&older, EntryState::Ended), ended[100..]);
    assert_eq!((older.entries.len(), older.next), (2, None));

    let desk = newsroom.desk(&newsroom.author, None).await.unwrap();
    assert_eq!((desk.items.len(), desk.next), (100, Some(ended[99])));
    let desk = newsroom.desk(&newsroom.author, desk.next).await.unwrap();
    assert_eq!((desk.items.len(), desk.next), (4, None));

    let (mut before, mut listed) = (None, Vec::new());
    loop {
        let page = newsroom
            .entries(&newsroom.author, before, 26)
            .await
            .unwrap();
        listed.push(page.items.len());
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    // 104 entries.
    assert_eq!(listed, [26, 26, 26, 26]);
}
