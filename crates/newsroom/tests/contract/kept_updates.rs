//! An entry's page reads only the rows that changed, and shows what a read of all rows shows.

use std::sync::Arc;

use domain::{Mark, Slug};
use newsroom::LiveUpdate;

use super::support::{Database, TestNewsroom, draft, op_id};

on_every_database! {
    page_shows_every_kind_of_change_to_an_update,
    page_is_read_anew_after_more_changes_than_one_read_returns,
    page_is_read_anew_in_another_epoch,
}

/// What `room`, which has read the page before, shows at `slug`; it must be what a newsroom shows that
/// has read nothing before.
async fn shown(database: &Database, room: &TestNewsroom, slug: &Slug) -> Vec<Arc<LiveUpdate>> {
    let page = room.entry_page(slug).await.unwrap();
    let fresh = TestNewsroom::on(database).await;
    let whole = fresh.entry_page(slug).await.unwrap();
    assert_eq!(page.updates, whole.updates);
    assert_eq!(page.cursor, whole.cursor);
    fresh.shut_down().await;
    page.updates
}

async fn page_shows_every_kind_of_change_to_an_update(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    assert!(shown(&database, &room, &entry.slug).await.is_empty());
    let first = room.post(&entry, "first").await.id;
    let second = room.post(&entry, "second").await.id;
    let texts = |updates: &[Arc<LiveUpdate>]| -> Vec<String> {
        updates.iter().map(|it| it.source.clone()).collect()
    };
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(texts(&page), ["first", "second"]);

    room.edit_update(&room.author, first, &draft("edited"), None)
        .await
        .unwrap();
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(texts(&page), ["edited", "second"]);

    room.delete_update(&room.author, first, None).await.unwrap();
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(texts(&page), ["second"]);
    room.restore_update(&room.author, first, None)
        .await
        .unwrap();
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(texts(&page), ["edited", "second"]);

    let (author, marks) = (&room.author, [Mark::Key, Mark::Pinned]);
    room.post_marked_update(
        author,
        &entry.slug,
        &op_id(),
        &draft("pinned"),
        &marks,
        std::time::Duration::ZERO,
    )
    .await
    .unwrap();
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(page.iter().filter(|it| it.pinned).count(), 1);

    let (editor, slug) = (&room.editor, entry.slug.clone());
    let mut edit = newsroom::EntryEdit::of(&entry);
    edit.slug = super::support::slug("renamed");
    room.edit_entry(editor, &slug, &edit, None).await.unwrap();
    let page = shown(&database, &room, &edit.slug).await;
    assert_eq!(page.len(), 3);
    assert_eq!(page[1].id, second);
}

async fn page_is_read_anew_after_more_changes_than_one_read_returns(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.post(&entry, "before").await;
    shown(&database, &room, &entry.slug).await;
    for number in 0..=newsroom::storage::ChangedUpdates::MAX {
        room.post(&entry, &number.to_string()).await;
    }
    assert_eq!(shown(&database, &room, &entry.slug).await.len(), 502);
}

async fn page_is_read_anew_in_another_epoch(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    room.post(&entry, "before").await;
    shown(&database, &room, &entry.slug).await;
    database.restore_updates_that_say("<p>imported</p>").await;
    let page = shown(&database, &room, &entry.slug).await;
    assert_eq!(page[0].html.as_str(), "<p>imported</p>");
}

/// On SQLite alone, which keeps a text in a column of numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn earlier_version_of_an_update_that_cannot_be_decoded_is_not_shown() {
    let database = Database::sqlite();
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let id = room.post(&entry, "old text").await.id;
    shown(&database, &room, &entry.slug).await;
    room.edit_update(&room.author, id, &draft("new text"), None)
        .await
        .unwrap();
    database
        .execute("UPDATE updates SET edited_at = 'never'")
        .await;
    assert!(shown(&database, &room, &entry.slug).await.is_empty());
}
