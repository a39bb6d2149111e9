//! Several servers and many writers on one database.

use std::{collections::BTreeMap, sync::Arc};

use domain::{Batch, Change, Cursor, FeedId, Rev, UpdateId};
use newsroom::{
    Entry, Newsroom,
    feed::{EntrySource, read_changes},
    storage::Store,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{
    Database, Event, PageModel, Stream, TestNewsroom, batch, card, draft, op_id, with_timeout,
};

on_every_database! {
    changes_on_one_server_reach_readers_of_another,
    entry_just_created_on_another_server_is_found,
    missed_changes_are_sent_before_the_stream_closes,
    session_is_valid_on_every_server,
    revisions_become_visible_in_order,
}

async fn changes_on_one_server_reach_readers_of_another(database: Database) {
    let one = TestNewsroom::on(&database).await;
    let entry = one.live_entry().await;
    let other = TestNewsroom::on(&database).await;
    let mut page = PageModel::open(&other, &entry).await;
    let mut stream = Stream::open(&other.newsroom, FeedId::Entry(entry.id), None);

    let id = one.post(&entry, "teh goal").await.id;
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [card(id, "teh goal")]);
    one.edit_update(&one.author, id, &draft("the goal"), None, None)
        .await
        .unwrap();
    page.apply(stream.next_batch().await);
    assert_eq!(page.cards(), [card(id, "the goal")]);
    one.end_entry(&one.author, &entry.slug, None).await.unwrap();
    page.apply(stream.next_batch().await);
    assert!(matches!(stream.next_event().await, Event::Ended));

    // An entry that was created after the other server started is found, too.
    let mut all = Stream::open(&other.newsroom, FeedId::All, None);
    let next = one.entry("next", domain::EntryState::Live).await;
    while all
        .next_batch()
        .await
        .entries
        .iter()
        .all(|e| e.id != next.id)
    {}
    assert_eq!(other.hub().find(&next.slug).unwrap().0, next.id);
}

async fn entry_just_created_on_another_server_is_found(database: Database) {
    let (one, other) = TestNewsroom::pair_on(&database).await;
    for check in ["head", "changes", "cursor"] {
        let entry = one.entry(check, domain::EntryState::Live).await;
        let page = other.entry_page(&entry.slug).await.unwrap();
        let feed = FeedId::Entry(entry.id);
        match check {
            "head" => assert_eq!(other.head(feed).await.unwrap().head, entry.head),
            "changes" => assert_eq!(other.changes(feed, None).await.unwrap().to, entry.head),
            _ => drop(other.check_cursor(feed, &page.cursor).await.unwrap()),
        }
        assert!(other.hub().subscribe(feed, None).is_some());
    }
}

/// A server that did not follow for a while finds more than one batch, and the end of the entry.
async fn missed_changes_are_sent_before_the_stream_closes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = Newsroom::open(database.options().0).await.unwrap();
    let stop = CancellationToken::new();
    other.follow(stop.clone()).await.unwrap();
    let mut stream = Stream::open(&other, FeedId::Entry(entry.id), None);
    stop.cancel();
    let mut posted = Vec::new();
    for number in 0..501 {
        posted.push(newsroom.post(&entry, &number.to_string()).await.id);
    }
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();

    let received = tokio::spawn(async move {
        let mut received = Vec::new();
        loop {
            match stream.next_event().await {
                Event::Batch(batch) => received.extend(batch.changes.iter().map(Change::id)),
                Event::Ended => return received,
                event => panic!("{event:?}"),
            }
        }
    });
    other.follow(CancellationToken::new()).await.unwrap();
    assert_eq!(received.await.unwrap(), posted);
}

async fn session_is_valid_on_every_server(database: Database) {
    let (one, other) = TestNewsroom::pair_on(&database).await;
    let name = domain::Username::parse("anna").unwrap();
    let password = domain::Password::parse("correct horse").unwrap();
    one.create_account(&name, domain::Role::Author, &password)
        .await
        .unwrap();
    let session = other.log_in("anna", "correct horse").await.unwrap();
    assert_eq!(
        one.caller(&session.token).await.unwrap(),
        Some(session.caller)
    );
    one.log_out(&session.token).await.unwrap();
    assert_eq!(other.caller(&session.token).await.unwrap(), None);
}

const WRITERS: usize = 8;
const POSTS: usize = 25;

/// Eight writers post through two servers to two entries. Meanwhile, one task polls the database
/// and one follows a stream. Both must receive every acknowledged update once, in order of
/// revision.
async fn revisions_become_visible_in_order(database: Database) {
    let servers = [
        TestNewsroom::on(&database).await,
        TestNewsroom::on(&database).await,
    ];
    let entries = [
        servers[0].live_entry().await,
        servers[0].entry("other", domain::EntryState::Live).await,
    ];
    let from = servers[0].head(FeedId::All).await.unwrap();
    let from = Cursor::new(from.epoch, from.head);
    let stream = Stream::open(&servers[0].newsroom, FeedId::All, Some(from.rev));
    let store = database.store().await;

    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let server = &servers[number % 2];
        let entry = entries[number / 2 % 2].clone();
        writers.spawn(write(
            Arc::clone(&server.newsroom),
            server.author.clone(),
            entry,
        ));
    }
    let (polled, streamed, acknowledged) = tokio::join!(
        with_timeout(poll_all(&store, &servers[0], from)),
        with_timeout(stream_all(stream)),
        writers.join_all(),
    );
    let acknowledged: BTreeMap<Rev, UpdateId> = acknowledged.into_iter().flatten().collect();
    assert_eq!(
        acknowledged.len(),
        WRITERS * POSTS,
        "two updates have the same revision"
    );
    let acknowledged: Vec<_> = acknowledged.into_iter().collect();
    assert_eq!(polled, acknowledged);
    assert_eq!(streamed, acknowledged);
    for entry in &entries {
        assert_eq!(servers[1].texts(entry).await.len(), WRITERS * POSTS / 2);
    }
    store.close().await;
}

async fn write(
    newsroom: Arc<Newsroom>,
    author: domain::Caller,
    entry: Entry,
) -> Vec<(Rev, UpdateId)> {
    let mut acknowledged = Vec::new();
    for _ in 0..POSTS {
        let posted = newsroom
            .post_update(&author, &entry.slug, &op_id(), &draft("a"), None)
            .await
            .unwrap();
        acknowledged.push((posted.rev, posted.id));
    }
    acknowledged
}

/// Polls the database without a pause from a cursor, until all updates have arrived.
async fn poll_all(store: &Store, newsroom: &Newsroom, mut since: Cursor) -> Vec<(Rev, UpdateId)> {
    let source = EntrySource::new(newsroom.cards().clone());
    let mut received = Vec::new();
    while received.len() < WRITERS * POSTS {
        let frame = read_changes(store, &source, FeedId::All, since);
        let batch = batch(&frame.await.unwrap());
        since = batch.cursor();
        append(&mut received, &batch);
    }
    received
}

/// Reads a stream until all updates have arrived.
async fn stream_all(mut stream: Stream) -> Vec<(Rev, UpdateId)> {
    let mut received = Vec::new();
    while received.len() < WRITERS * POSTS {
        append(&mut received, &stream.next_batch().await);
    }
    received
}

fn append(received: &mut Vec<(Rev, UpdateId)>, batch: &Batch) {
    received.extend(
        batch
            .changes
            .iter()
            .map(|change| (change.rev(), change.id())),
    );
}
