//! The page of one update.

use domain::{EntryState, UpdateId};
use newsroom::{Error, UpdatePage};

use super::support::{Database, TestNewsroom};

on_every_database! {
    an_update_knows_those_beside_it,
    a_deleted_update_was_there_and_one_that_never_was_is_unknown,
}

async fn an_update_knows_those_beside_it(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let other = room.entry("other", EntryState::Live).await;
    // Two of one moment, and one of another entry between them.
    let first = room.post(&entry, "first").await.id;
    room.post(&other, "elsewhere").await;
    let second = room.post(&entry, "second").await.id;
    room.hand.advance(1_000_000);
    let third = room.post(&entry, "third").await.id;
    room.hand.advance(1_000_000);
    let last = room.post(&entry, "last").await.id;
    room.delete_update(&room.author, third, None).await.unwrap();

    let beside = async |id| match room.newsroom.update_page(&entry.slug, id).await.unwrap() {
        UpdatePage::Shown(shown) => (
            shown.before.map(|update| update.id),
            shown.after.map(|update| update.id),
        ),
        UpdatePage::Removed(_) => panic!("it is deleted"),
    };
    assert_eq!(beside(first).await, (None, Some(second)));
    assert_eq!(beside(second).await, (Some(first), Some(last)));
    assert_eq!(beside(last).await, (Some(second), None));
    room.restore_update(&room.author, third, None)
        .await
        .unwrap();
    assert_eq!(beside(last).await, (Some(third), None));
}

async fn a_deleted_update_was_there_and_one_that_never_was_is_unknown(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let other = room.entry("other", EntryState::Live).await;
    let draft = room.entry("draft", EntryState::Draft).await;
    let id = room.post(&entry, "goal").await.id;
    let unseen = room.post(&draft, "not yet").await.id;
    for id in [id, unseen] {
        room.delete_update(&room.author, id, None).await.unwrap();
    }

    let page = room.newsroom.update_page(&entry.slug, id).await.unwrap();
    assert!(matches!(page, UpdatePage::Removed(of) if of.id == entry.id));
    for (slug, id) in [
        (&other.slug, id),
        (&draft.slug, unseen),
        (&entry.slug, unseen),
        (&entry.slug, UpdateId(unseen.0 + 1)),
    ] {
        let page = room.newsroom.update_page(slug, id).await;
        assert_refused!(page, Error::Unknown(_));
    }
    let edit = room.editable_update(&room.author, id).await;
    assert_refused!(edit, Error::Removed);
}
