//! Entries: created, started, ended, listed.

use domain::{EntryState, Invalid, Order};
use newsroom::{Entry, Error, NewEntry, UNDO_WINDOW, live::FeedId};

use super::support::{Database, LivePage, Stream, TestNewsroom, slug};

on_every_database! {
    an_entry_is_kept_as_it_was_typed,
    an_address_is_given_once,
    an_entry_starts_ends_and_starts_again,
    a_new_start_makes_the_cards_anew,
    what_never_started_cannot_be_ended,
    states_of_what_is_not_there_cannot_change,
    the_front_page_sorts_entries_by_state_and_start,
    the_desk_lists_everything,
    a_desk_page_shows_a_draft,
}

async fn an_entry_is_kept_as_it_was_typed(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let new = NewEntry::parse(
        " Élection night: the count! ",
        "",
        "All results,\r\nas they come in.",
        "europe/paris",
        EntryState::Upcoming,
        Order::Latest,
    )
    .unwrap();
    let id = room
        .create_entry(Some(&room.author), &new)
        .await
        .unwrap()
        .id;
    let page = room
        .entry_page(&slug("election-night-the-count"))
        .await
        .unwrap();
    let now = room.clock().now();
    assert_eq!(
        page.entry,
        Entry {
            epoch: page.entry.epoch.clone(),
            id,
            slug: slug("election-night-the-count"),
            title: domain::Title::parse("Élection night: the count!").unwrap(),
            summary: domain::Summary::parse("All results,\nas they come in.").unwrap(),
            state: EntryState::Upcoming,
            time_zone: domain::ZoneName::known("Europe/Paris"),
            starts_at: now,
            ended_at: None,
            default_order: Order::Latest,
            rev: page.cursor.rev,
            head: page.cursor.rev,
        }
    );
    assert_eq!(page.updates, []);
}

async fn an_address_is_given_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let head = room.hub().head(newsroom::live::FeedId::All).unwrap().head;
    for state in [EntryState::Live, EntryState::Draft] {
        let new = NewEntry::parse("Another", "final", "", "", state, Order::Oldest).unwrap();
        let refused = room.create_entry(Some(&room.owner), &new).await;
        assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
    }
    assert_eq!(room.entry_page(&entry.slug).await.unwrap().entry, entry);
    let next = room.entry("next", EntryState::Live).await;
    assert_eq!(next.head, head + 1, "what was refused took revisions");
}

async fn an_entry_starts_ends_and_starts_again(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.entry("final", EntryState::Upcoming).await;
    let now = async || {
        room.hand.advance(1_000_000);
        room.clock().now()
    };
    let page = async || room.entry_page(&entry.slug).await.unwrap().entry;

    let started_at = now().await;
    room.start_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    let started = page().await;
    assert_eq!(started.state, EntryState::Live);
    assert_eq!((started.starts_at, started.ended_at), (started_at, None));
    assert!(started.rev > entry.rev);
    assert_eq!(started.head, started.rev);
    now().await;
    room.start_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    assert_eq!(page().await, started, "starting it again changed something");

    let ended_at = now().await;
    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    let ended = page().await;
    assert_eq!(ended.state, EntryState::Ended);
    assert_eq!(
        (ended.starts_at, ended.ended_at),
        (started_at, Some(ended_at))
    );
    now().await;
    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    assert_eq!(page().await, ended, "ending it again changed something");

    room.start_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    let again = page().await;
    assert_eq!(again.state, EntryState::Live);
    assert_eq!((again.starts_at, again.ended_at), (started_at, None));
}

/// A card prints its date unless it is of the day that the entry starts.
async fn a_new_start_makes_the_cards_anew(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.entry("final", EntryState::Upcoming).await;
    let posted = [
        room.post(&entry, "soon").await,
        room.post(&entry, "sooner").await,
    ];
    let mut page = LivePage::open(&room, &entry).await;
    let feed = FeedId::Entry(entry.id);
    let mut stream = Stream::open(&room.newsroom, feed, Some(page.cursor().rev));
    room.hand.advance(24 * 60 * 60 * 1_000_000);
    room.start_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();

    page.take(stream.next_batch().await);
    let told: Vec<_> = page.applied.iter().map(|(id, _)| *id).collect();
    assert_eq!(told, posted.map(|update| update.id));
    for (_, rev) in &page.applied {
        assert!(*rev > posted[1].rev);
    }

    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    room.start_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    page.catch_up(&room).await;
    assert_eq!(page.applied.len(), 2, "it starts when it started before");
}

async fn what_never_started_cannot_be_ended(database: Database) {
    let room = TestNewsroom::on(&database).await;
    for (address, state) in [("draft", EntryState::Draft), ("soon", EntryState::Upcoming)] {
        let entry = room.entry(address, state).await;
        for _ in 0..2 {
            let ended = room.end_entry(&room.owner, &entry.slug, None).await;
            assert_refused!(ended, Error::Forbidden(_));
        }
        assert_eq!(room.desk_page(&entry.slug).await.entry, entry);
    }
}

async fn states_of_what_is_not_there_cannot_change(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let nowhere = slug("nowhere");
    assert_refused!(
        room.start_entry(&room.owner, &nowhere, None).await,
        Error::Unknown("entry")
    );
    assert_refused!(
        room.end_entry(&room.owner, &nowhere, None).await,
        Error::Unknown("entry")
    );
    assert_refused!(
        room.desk_entry(&room.owner, &nowhere).await,
        Error::Unknown("entry")
    );
    assert_refused!(room.entry_page(&nowhere).await, Error::Unknown("entry"));
}

async fn the_front_page_sorts_entries_by_state_and_start(database: Database) {
    let room = TestNewsroom::on(&database).await;
    for (address, state) in [
        ("draft", EntryState::Draft),
        ("soon-1", EntryState::Upcoming),
        ("soon-2", EntryState::Upcoming),
        ("live-1", EntryState::Live),
        ("live-2", EntryState::Live),
        ("over-1", EntryState::Live),
        ("over-2", EntryState::Live),
    ] {
        room.entry(address, state).await;
        room.hand.advance(1_000_000);
    }
    for address in ["over-2", "over-1"] {
        room.end_entry(&room.author, &slug(address), None)
            .await
            .unwrap();
    }
    // Started last, it is the latest.
    room.start_entry(&room.author, &slug("soon-1"), None)
        .await
        .unwrap();

    let page = room.front_page().await.unwrap();
    let addresses = |state| -> Vec<_> {
        let entries = page.entries.iter().map(|(entry, _)| entry);
        let entries = entries.filter(|entry| entry.state == state);
        entries.map(|entry| entry.slug.as_str()).collect()
    };
    assert_eq!(addresses(EntryState::Live), ["soon-1", "live-2", "live-1"]);
    assert_eq!(addresses(EntryState::Upcoming), ["soon-2"]);
    assert_eq!(addresses(EntryState::Ended), ["over-2", "over-1"]);
    assert_eq!(page.entries.len(), 6);
}

async fn the_desk_lists_everything(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let draft = room.entry("draft", EntryState::Draft).await;
    room.hand.advance(1_000_000);
    let live = room.live_entry().await;
    room.post(&live, "one").await;
    let gone = room.post(&live, "two").await.id;
    room.post(&live, "three").await;
    room.delete_update(&room.author, gone, None).await.unwrap();

    let desk = room.desk(&room.author).await.unwrap();
    let rows: Vec<_> = desk.iter().map(|row| (row.entry.id, row.updates)).collect();
    assert_eq!(rows, [(live.id, 2), (draft.id, 0)]);
}

async fn a_desk_page_shows_a_draft(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.entry("draft", EntryState::Draft).await;
    let posted = room.post(&entry, "prepared").await;
    let gone = room.post(&entry, "gone").await.id;
    room.delete_update(&room.author, gone, None).await.unwrap();
    room.hand.advance(UNDO_WINDOW);
    let page = room.desk_entry(&room.author, &entry.slug).await.unwrap();
    assert_eq!(page.entry.id, entry.id);
    assert_eq!(
        page.updates.iter().map(|u| u.id).collect::<Vec<_>>(),
        [posted.id]
    );
    let undoable: Vec<_> = page.deleted.iter().map(|u| u.id).collect();
    assert_eq!(undoable, [gone]);

    room.hand.advance(1);
    let page = room.desk_page(&entry.slug).await;
    assert_eq!(page.deleted, [], "it can't be undone any more");
}
