//! Drafts: visible to authors only, until they are started.

use domain::{Cursor, EntryState, FeedId, UpdateId};
use newsroom::Error;

use super::support::{Database, Stream, TestNewsroom, batch};

on_every_database! {
    draft_is_not_public_anywhere,
    started_draft_is_public_everywhere,
    started_draft_reaches_clients_that_already_follow,
}

async fn draft_is_not_public_anywhere(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let live = newsroom.live_entry().await;
    newsroom.post(&live, "public").await;
    let before = newsroom.head(FeedId::All).await.unwrap();

    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let id = newsroom.post(&draft, "secret").await.id;
    let deleted = newsroom.post(&draft, "secret too").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    let feed = FeedId::Entry(draft.id);
    let at = newsroom.desk_page(&draft.slug).await.entry.head;
    let cursor = Cursor::new(before.epoch, at);

    assert_refused!(
        newsroom.entry_page(&draft.slug).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.update_page(&draft.slug, id).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.update_page(&live.slug, id).await,
        Error::NotFound("update")
    );
    let after = newsroom.updates_after(draft.id, UpdateId(0)).await;
    assert_refused!(after, Error::NotFound("live blog"));
    let numbers = newsroom.update_ids(draft.id).await;
    assert_refused!(numbers, Error::NotFound("live blog"));
    assert_refused!(newsroom.head(feed).await, Error::NotFound("live blog"));
    assert_refused!(
        newsroom.changes(feed, None).await,
        Error::NotFound("live blog")
    );
    let since = Some(cursor);
    assert_refused!(
        newsroom.changes(feed, since).await,
        Error::NotFound("live blog")
    );
    assert_refused!(
        newsroom.check_cursor(feed, &cursor).await,
        Error::NotFound("live blog")
    );
    assert!(newsroom.hub().head(feed).is_none());
    assert!(newsroom.hub().find(&draft.slug).is_none());
    assert!(newsroom.hub().subscribe(feed, None).is_none());
    let front = newsroom.front_page().await.unwrap();
    assert_eq!(front.entries.len(), 1);
    let live_now = newsroom.live_page().await.unwrap();
    assert_eq!((live_now.entries.len(), live_now.updates.len()), (1, 1));

    assert_eq!(
        newsroom.head(FeedId::All).await.unwrap(),
        before,
        "the head reveals a draft"
    );
    let all = batch(&newsroom.changes(FeedId::All, None).await.unwrap());
    assert_eq!(all.changes.len(), 1);
    assert_eq!(
        all.entries.iter().map(|e| e.id).collect::<Vec<_>>(),
        [live.id]
    );
    assert_eq!(all.to, before.head);
}

async fn started_draft_is_public_everywhere(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    newsroom.post(&draft, "prepared").await;
    newsroom
        .start_entry(&newsroom.author, &draft.slug, None)
        .await
        .unwrap();

    let page = newsroom.entry_page(&draft.slug).await.unwrap();
    assert_eq!(page.updates.len(), 1);
    let (id, head) = newsroom.hub().find(&draft.slug).unwrap();
    assert_eq!((id, head.state), (draft.id, EntryState::Live));
    assert_eq!(head.head, page.cursor.rev);
    assert_eq!(
        newsroom.head(FeedId::All).await.unwrap().head,
        page.cursor.rev
    );
    let changes = batch(
        &newsroom
            .changes(FeedId::Entry(draft.id), None)
            .await
            .unwrap(),
    );
    assert_eq!((changes.changes.len(), changes.to), (1, page.cursor.rev));
}

/// A client that follows all entries has already passed the revisions at which a draft's updates
/// were written.
async fn started_draft_reaches_clients_that_already_follow(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let prepared = [
        newsroom.post(&draft, "prepared").await.id,
        newsroom.post(&draft, "prepared too").await.id,
    ];
    let deleted = newsroom.post(&draft, "dropped").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    let live = newsroom.live_entry().await;
    let known = newsroom.post(&live, "public").await.rev;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::All, None);

    newsroom
        .start_entry(&newsroom.author, &draft.slug, None)
        .await
        .unwrap();
    let streamed = stream.next_batch().await;
    let polled = newsroom.changes_after(FeedId::All, known).await;
    for batch in [streamed, polled] {
        let ids: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
        assert!(ids.starts_with(&prepared), "{batch:?}");
        assert!(batch.changes.is_sorted_by_key(domain::Change::rev));
        assert!(batch.changes.iter().all(|change| change.rev() <= batch.to));
        assert_eq!(batch.entries.len(), 1);
    }
    // A later update gets a later revision.
    let posted = newsroom.post(&draft, "begun").await;
    let next = stream.next_batch().await;
    assert_eq!((next.changes.len(), next.to), (1, posted.rev));
}
