//! Edits, deletions, marks and changes of entries that carry an operation id: a late retry never
//! undoes a change that was made in between.

use domain::{Mark, OpId};
use newsroom::{EntryPatch, Error, UpdatePatch};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    late_retry_of_an_edit_does_not_undo_a_later_edit,
    late_retry_of_an_edit_without_changes_changes_nothing,
    late_retry_of_a_deletion_does_not_delete_a_restored_update,
    late_retry_of_a_mark_does_not_mark_again,
    late_retry_of_a_rename_does_not_rename_back,
    different_request_with_a_used_operation_id_is_refused,
    author_cannot_restore_an_update_deleted_by_an_editor,
    old_operations_are_deleted,
}

async fn late_retry_of_an_edit_does_not_undo_a_later_edit(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "2-0").await.id;
    let first = op_id();
    newsroom
        .edit_update(&newsroom.author, id, &draft("2-1"), Some(&first), None)
        .await
        .unwrap();
    newsroom
        .edit_update(&newsroom.author, id, &draft("2-2"), Some(&op_id()), None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    let retried = newsroom
        .edit_update(&newsroom.author, id, &draft("2-1"), Some(&first), None)
        .await;
    assert_eq!(retried.unwrap().entry.id, entry.id);
    assert_eq!(newsroom.texts(&entry).await, ["2-2"]);
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

async fn late_retry_of_an_edit_without_changes_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "2-0").await.id;
    let first = op_id();
    newsroom
        .edit_update(&newsroom.author, id, &draft("2-0"), Some(&first), None)
        .await
        .unwrap();
    newsroom
        .edit_update(&newsroom.author, id, &draft("2-1"), None, None)
        .await
        .unwrap();
    newsroom
        .edit_update(&newsroom.author, id, &draft("2-0"), Some(&first), None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["2-1"]);
}

async fn late_retry_of_a_deletion_does_not_delete_a_restored_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "kept").await.id;
    let (deletion, restoration) = (op_id(), op_id());
    newsroom
        .delete_update(&newsroom.author, id, Some(&deletion), None)
        .await
        .unwrap();
    newsroom
        .restore_update(&newsroom.author, id, Some(&restoration))
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, id, Some(&deletion), None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["kept"]);
    newsroom
        .delete_update(&newsroom.author, id, Some(&op_id()), None)
        .await
        .unwrap();
    newsroom
        .restore_update(&newsroom.author, id, Some(&restoration))
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, [""; 0]);
}

async fn late_retry_of_a_mark_does_not_mark_again(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "a goal").await.id;
    let mark = op_id();
    for (on, op) in [(true, &mark), (false, &op_id()), (true, &mark)] {
        newsroom
            .mark_update(&newsroom.author, id, Mark::Key, on, Some(op))
            .await
            .unwrap();
    }
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert!(!page.updates[0].key);
}

async fn late_retry_of_a_rename_does_not_rename_back(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.live_entry().await;
    let to = |name: &str| EntryPatch {
        slug: Some(slug(name)),
        ..EntryPatch::default()
    };
    let first = op_id();
    let rename = async |from: &str, name: &str, op: &OpId| {
        newsroom
            .patch_entry(&newsroom.author, &slug(from), &to(name), Some(op))
            .await
            .unwrap()
            .slug
    };
    rename("final", "semi-final", &first).await;
    rename("semi-final", "the-final", &op_id()).await;
    assert_eq!(
        rename("final", "semi-final", &first).await,
        slug("the-final")
    );
}

async fn different_request_with_a_used_operation_id_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (one, two) = (
        newsroom.post(&entry, "one").await.id,
        newsroom.post(&entry, "two").await.id,
    );
    let op = Some(op_id());
    let op = op.as_ref();
    let author = &newsroom.author;
    newsroom
        .edit_update(author, one, &draft("edited"), op, None)
        .await
        .unwrap();
    assert_refused!(
        newsroom
            .edit_update(author, two, &draft("edited"), op, None)
            .await,
        Error::IdempotencyConflict
    );
    assert_refused!(
        newsroom
            .edit_update(author, one, &draft("other"), op, None)
            .await,
        Error::IdempotencyConflict
    );
    assert_refused!(
        newsroom.delete_update(author, one, op, None).await,
        Error::IdempotencyConflict
    );
    assert_refused!(
        newsroom.restore_update(author, one, op).await,
        Error::IdempotencyConflict
    );
    assert_refused!(
        newsroom.mark_update(author, one, Mark::Key, true, op).await,
        Error::IdempotencyConflict
    );
    assert_refused!(
        newsroom.end_entry(author, &entry.slug, op).await,
        Error::IdempotencyConflict
    );
    let patch = UpdatePatch {
        key: Some(true),
        ..UpdatePatch::text(&draft("edited"))
    };
    assert_refused!(
        newsroom.patch_update(author, one, &patch, op, None).await,
        Error::IdempotencyConflict
    );
    // Operation ids are separate for each account.
    newsroom
        .edit_update(&newsroom.editor, two, &draft("edited, too"), op, None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["edited", "edited, too"]);
}

async fn author_cannot_restore_an_update_deleted_by_an_editor(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "libel").await.id;
    newsroom
        .delete_update(&newsroom.editor, id, None, None)
        .await
        .unwrap();
    assert_refused!(
        newsroom.restore_update(&newsroom.author, id, None).await,
        Error::Forbidden(_)
    );
    assert!(
        newsroom
            .desk_entry(&newsroom.author, &entry.slug)
            .await
            .unwrap()
            .deleted
            .is_empty()
    );
    newsroom
        .restore_update(&newsroom.editor, id, None)
        .await
        .unwrap();
    // An editor's deletion also counts if the author has deleted the update before.
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    let deleted = newsroom
        .desk_entry(&newsroom.author, &entry.slug)
        .await
        .unwrap()
        .deleted;
    assert_eq!(deleted.len(), 1);
    newsroom
        .delete_update(&newsroom.editor, id, None, None)
        .await
        .unwrap();
    assert_refused!(
        newsroom.restore_update(&newsroom.author, id, None).await,
        Error::Forbidden(_)
    );
    assert!(newsroom.texts(&entry).await.is_empty());
    newsroom
        .restore_update(&newsroom.owner, id, None)
        .await
        .unwrap();
    assert_eq!(newsroom.texts(&entry).await, ["libel"]);
}

async fn old_operations_are_deleted(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "a").await.id;
    let op = op_id();
    newsroom
        .edit_update(&newsroom.author, id, &draft("b"), Some(&op), None)
        .await
        .unwrap();
    let store = database.store().await;
    let known = async || {
        let mut snapshot = store.snapshot().await.unwrap();
        snapshot
            .operation(newsroom.author.id, &op)
            .await
            .unwrap()
            .is_some()
    };
    let now = newsroom.clock().now();
    store.delete_operations(now).await.unwrap();
    assert!(known().await);
    store.delete_operations(now.plus_micros(1)).await.unwrap();
    assert!(!known().await);
    store.close().await;
}
