//! The page of one update.

use domain::{EntryState, UpdateId};
use newsroom::{Error, UpdatePage};

use super::support::{Database, TestNewsroom};

on_every_database! {
    update_page_links_to_the_previous_and_next_update,
    deleted_update_is_removed_and_unknown_update_is_not_found,
}

async fn update_page_links_to_the_previous_and_next_update(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    // Two updates with the same time, and one of another entry between them.
    let first = newsroom.post(&entry, "first").await.id;
    newsroom.post(&other, "elsewhere").await;
    let second = newsroom.post(&entry, "second").await.id;
    newsroom.manual_clock.advance(1_000_000);
    let third = newsroom.post(&entry, "third").await.id;
    newsroom.manual_clock.advance(1_000_000);
    let last = newsroom.post(&entry, "last").await.id;
    newsroom
        .delete_update(&newsroom.author, third, None, None)
        .await
        .unwrap();

    let neighbors = async |id| match newsroom
        .newsroom
        .update_page(&entry.slug, id)
        .await
        .unwrap()
    {
        UpdatePage::Shown(shown) => (
            shown.before.map(|update| update.id),
            shown.after.map(|update| update.id),
        ),
        UpdatePage::Removed(_) => panic!("the update is deleted"),
    };
    assert_eq!(neighbors(first).await, (None, Some(second)));
    assert_eq!(neighbors(second).await, (Some(first), Some(last)));
    assert_eq!(neighbors(last).await, (Some(second), None));
    newsroom
        .restore_update(&newsroom.author, third, None)
        .await
        .unwrap();
    assert_eq!(neighbors(last).await, (Some(third), None));
}

async fn deleted_update_is_removed_and_unknown_update_is_not_found(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let id = newsroom.post(&entry, "goal").await.id;
    let never_public = newsroom.post(&draft, "not yet").await.id;
    for id in [id, never_public] {
        newsroom
            .delete_update(&newsroom.author, id, None, None)
            .await
            .unwrap();
    }

    let page = newsroom
        .newsroom
        .update_page(&entry.slug, id)
        .await
        .unwrap();
    assert!(matches!(page, UpdatePage::Removed(of) if of.id == entry.id));
    for (slug, id) in [
        (&other.slug, id),
        (&draft.slug, never_public),
        (&entry.slug, never_public),
        (&entry.slug, UpdateId(never_public.0 + 1)),
    ] {
        let page = newsroom.newsroom.update_page(slug, id).await;
        assert_refused!(page, Error::NotFound(_));
    }
    let edit = newsroom.editable_update(&newsroom.author, id).await;
    assert_refused!(edit, Error::Removed);
}
