//! Drafts: seen by those who write them, by nobody else, until they are started.

use domain::{Cursor, EntryState, UpdateId};
use newsroom::{Error, live::FeedId};

use super::support::{Database, Stream, TestNewsroom, batch};

on_every_database! {
    a_draft_is_nowhere_to_be_seen,
    a_started_draft_is_everywhere,
    a_started_draft_reaches_those_who_read_on,
}

async fn a_draft_is_nowhere_to_be_seen(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let live = room.live_entry().await;
    room.post(&live, "public").await;
    let before = room.head(FeedId::All).await.unwrap();

    let draft = room.entry("draft", EntryState::Draft).await;
    let id = room.post(&draft, "secret").await.id;
    let gone = room.post(&draft, "secret too").await.id;
    room.delete_update(&room.author, gone, None).await.unwrap();
    let feed = FeedId::Entry(draft.id);
    let at = room.desk_page(&draft.slug).await.entry.head;
    let cursor = Cursor::new(before.epoch.clone(), at);

    assert_refused!(room.entry_page(&draft.slug).await, Error::Unknown("entry"));
    assert_refused!(
        room.update_page(&draft.slug, id).await,
        Error::Unknown("entry")
    );
    assert_refused!(
        room.update_page(&live.slug, id).await,
        Error::Unknown("update")
    );
    let after = room.updates_after(draft.id, UpdateId(0)).await;
    assert_refused!(after, Error::Unknown("entry"));
    let numbers = room.update_numbers(draft.id).await;
    assert_refused!(numbers, Error::Unknown("entry"));
    assert_refused!(room.head(feed).await, Error::Unknown("entry"));
    assert_refused!(room.changes(feed, None).await, Error::Unknown("entry"));
    let since = Some(cursor.clone());
    assert_refused!(room.changes(feed, since).await, Error::Unknown("entry"));
    assert_refused!(
        room.check_cursor(feed, &cursor).await,
        Error::Unknown("entry")
    );
    assert!(room.hub().head(feed).is_none());
    assert!(room.hub().find(&draft.slug).is_none());
    assert!(room.hub().subscribe(feed, None).is_none());
    let front = room.front_page().await.unwrap();
    assert_eq!(front.entries.len(), 1);
    let live_now = room.live_page().await.unwrap();
    assert_eq!((live_now.entries.len(), live_now.updates.len()), (1, 1));

    assert_eq!(
        room.head(FeedId::All).await.unwrap(),
        before,
        "the head tells of a draft"
    );
    let all = batch(&room.changes(FeedId::All, None).await.unwrap());
    assert_eq!(all.changes.len(), 1);
    assert_eq!(
        all.entries.iter().map(|e| e.id).collect::<Vec<_>>(),
        [live.id]
    );
    assert_eq!(all.to, before.head);
}

async fn a_started_draft_is_everywhere(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let draft = room.entry("draft", EntryState::Draft).await;
    room.post(&draft, "prepared").await;
    room.start_entry(&room.author, &draft.slug, None)
        .await
        .unwrap();

    let page = room.entry_page(&draft.slug).await.unwrap();
    assert_eq!(page.updates.len(), 1);
    let (id, head) = room.hub().find(&draft.slug).unwrap();
    assert_eq!((id, head.state), (draft.id, EntryState::Live));
    assert_eq!(head.head, page.cursor.rev);
    assert_eq!(room.head(FeedId::All).await.unwrap().head, page.cursor.rev);
    let changes = batch(&room.changes(FeedId::Entry(draft.id), None).await.unwrap());
    assert_eq!((changes.changes.len(), changes.to), (1, page.cursor.rev));
}

/// Whoever reads all entries has long read past the revisions that a draft's updates were written
/// at.
async fn a_started_draft_reaches_those_who_read_on(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let draft = room.entry("draft", EntryState::Draft).await;
    let prepared = [
        room.post(&draft, "prepared").await.id,
        room.post(&draft, "prepared too").await.id,
    ];
    let gone = room.post(&draft, "dropped").await.id;
    room.delete_update(&room.author, gone, None).await.unwrap();
    let live = room.live_entry().await;
    let known = room.post(&live, "public").await.rev;
    let mut stream = Stream::open(&room.newsroom, FeedId::All, None);

    room.start_entry(&room.author, &draft.slug, None)
        .await
        .unwrap();
    let streamed = stream.next_batch().await;
    let polled = room.changes_after(FeedId::All, known).await;
    for batch in [streamed, polled] {
        let ids: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
        assert!(ids.starts_with(&prepared), "{batch:?}");
        assert!(batch.changes.is_sorted_by_key(domain::Change::rev));
        assert!(batch.changes.iter().all(|change| change.rev() <= batch.to));
        assert_eq!(batch.entries.len(), 1);
    }
    // What comes later still comes after.
    let posted = room.post(&draft, "begun").await;
    let next = stream.next_batch().await;
    assert_eq!((next.changes.len(), next.to), (1, posted.rev));
}
