//! The cache of an entry's updates: a page loads only the rows that changed, and shows the same as
//! a page that loads all rows.

use std::sync::Arc;

use domain::{Mark, Slug};
use newsroom::LiveUpdate;

use super::support::{Database, TestNewsroom, draft, op_id, text};

on_every_database! {
    page_shows_every_kind_of_change_to_an_update,
    page_is_reloaded_after_more_changes_than_one_read_returns,
    page_is_reloaded_in_another_epoch,
}

/// Returns the updates that `newsroom`, with its cache, shows on the page of `slug`. Asserts that a
/// newsroom without a cache shows the same.
async fn updates_shown(
    database: &Database,
    newsroom: &TestNewsroom,
    slug: &Slug,
) -> Vec<Arc<LiveUpdate>> {
    let page = newsroom.entry_page(slug).await.unwrap();
    let fresh = TestNewsroom::on(database).await;
    let uncached = fresh.entry_page(slug).await.unwrap();
    assert_eq!(page.updates, uncached.updates);
    assert_eq!(page.cursor, uncached.cursor);
    fresh.shut_down().await;
    page.updates
}

async fn page_shows_every_kind_of_change_to_an_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    assert!(
        updates_shown(&database, &newsroom, &entry.slug)
            .await
            .is_empty()
    );
    let first = newsroom.post(&entry, "first").await.id;
    let second = newsroom.post(&entry, "second").await.id;
    let texts = |updates: &[Arc<LiveUpdate>]| -> Vec<String> {
        updates.iter().map(|it| text(it)).collect()
    };
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(texts(&page), ["first", "second"]);

    newsroom
        .edit_update(&newsroom.author, first, &draft("edited"), None, None)
        .await
        .unwrap();
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(texts(&page), ["edited", "second"]);

    newsroom
        .delete_update(&newsroom.author, first, None, None)
        .await
        .unwrap();
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(texts(&page), ["second"]);
    newsroom
        .restore_update(&newsroom.author, first, None)
        .await
        .unwrap();
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(texts(&page), ["edited", "second"]);

    let (author, marks) = (&newsroom.author, [Mark::Key, Mark::Pinned]);
    newsroom
        .post_marked_update(
            author,
            &entry.slug,
            &op_id(),
            &draft("pinned"),
            &marks,
            None,
        )
        .await
        .unwrap();
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(page.iter().filter(|it| it.pinned).count(), 1);

    let (editor, slug) = (&newsroom.editor, entry.slug.clone());
    let mut edit = newsroom::EntryEdit::of(&entry);
    edit.slug = super::support::slug("renamed");
    newsroom
        .edit_entry(editor, &slug, &edit, None)
        .await
        .unwrap();
    let page = updates_shown(&database, &newsroom, &edit.slug).await;
    assert_eq!(page.len(), 3);
    assert_eq!(page[1].id, second);
}

async fn page_is_reloaded_after_more_changes_than_one_read_returns(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "before").await;
    updates_shown(&database, &newsroom, &entry.slug).await;
    for number in 0..=newsroom::storage::ChangedUpdates::MAX {
        newsroom.post(&entry, &number.to_string()).await;
    }
    assert_eq!(
        updates_shown(&database, &newsroom, &entry.slug).await.len(),
        502
    );
}

async fn page_is_reloaded_in_another_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "before").await;
    updates_shown(&database, &newsroom, &entry.slug).await;
    database.import_updates_with_html("<p>imported</p>").await;
    let page = updates_shown(&database, &newsroom, &entry.slug).await;
    assert_eq!(page[0].html.as_str(), "<p>imported</p>");
}

/// Runs on SQLite only, which stores text in an integer column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn earlier_version_of_an_update_that_cannot_be_decoded_is_not_shown() {
    let database = Database::sqlite();
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "old text").await.id;
    updates_shown(&database, &newsroom, &entry.slug).await;
    newsroom
        .edit_update(&newsroom.author, id, &draft("new text"), None, None)
        .await
        .unwrap();
    database
        .execute("UPDATE updates SET edited_at = 'never'")
        .await;
    assert!(
        updates_shown(&database, &newsroom, &entry.slug)
            .await
            .is_empty()
    );
}
