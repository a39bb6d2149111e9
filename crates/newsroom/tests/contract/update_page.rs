//! The page of one update.

use domain::{EntryState, UpdateId};
use newsroom::{Error, UpdatePage};

use super::support::{Database, TestNewsroom};

on_every_database! {
    an_update_knows_those_beside_it,
    a_deleted_update_was_there_and_one_that_never_was_is_unknown,
}

async fn an_update_knows_those_beside_it(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    // Two of one moment, and one of another entry between them.
    let first = newsroom.post(&entry, "first").await.id;
    newsroom.post(&other, "elsewhere").await;
    let second = newsroom.post(&entry, "second").await.id;
    newsroom.hand.advance(1_000_000);
    let third = newsroom.post(&entry, "third").await.id;
    newsroom.hand.advance(1_000_000);
    let last = newsroom.post(&entry, "last").await.id;
    newsroom
        .delete_update(&newsroom.author, third, None)
        .await
        .unwrap();

    let beside = async |id| match newsroom
        .newsroom
        .update_page(&entry.slug, id)
        .await
        .unwrap()
    {
        UpdatePage::Shown(shown) => (
            shown.before.map(|update| update.id),
            shown.after.map(|update| update.id),
        ),
        UpdatePage::Removed(_) => panic!("it is deleted"),
    };
    assert_eq!(beside(first).await, (None, Some(second)));
    assert_eq!(beside(second).await, (Some(first), Some(last)));
    assert_eq!(beside(last).await, (Some(second), None));
    newsroom
        .restore_update(&newsroom.author, third, None)
        .await
        .unwrap();
    assert_eq!(beside(last).await, (Some(third), None));
}

async fn a_deleted_update_was_there_and_one_that_never_was_is_unknown(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let draft = newsroom.entry("draft", EntryState::Draft).await;
    let id = newsroom.post(&entry, "goal").await.id;
    let unseen = newsroom.post(&draft, "not yet").await.id;
    for id in [id, unseen] {
        newsroom
            .delete_update(&newsroom.author, id, None)
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
        (&draft.slug, unseen),
        (&entry.slug, unseen),
        (&entry.slug, UpdateId(unseen.0 + 1)),
    ] {
        let page = newsroom.newsroom.update_page(slug, id).await;
        assert_refused!(page, Error::NotFound(_));
    }
    let edit = newsroom.editable_update(&newsroom.author, id).await;
    assert_refused!(edit, Error::Removed);
}
