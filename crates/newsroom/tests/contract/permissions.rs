//! The permissions of each role.

use domain::{Caller, EntryState, Mark, Order, Role};
use newsroom::{Error, NewEntry};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    readers_change_nothing,
    authors_change_only_their_own_updates,
    authors_cannot_replace_the_pins_of_others,
    editors_and_owners_change_everything,
    all_roles_except_readers_manage_entries,
}

const NOW: Option<domain::Timestamp> = None;

fn new_entry(name: &str) -> NewEntry {
    NewEntry::parse(name, name, "", "", EntryState::Draft, Order::Oldest).unwrap()
}

async fn readers_change_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "theirs").await.id;
    let deleted = newsroom.post(&entry, "deleted").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    // A former author is a reader, also for their own updates.
    let former_author = Caller {
        role: Role::Reader,
        ..newsroom.author.clone()
    };
    for reader in [&newsroom.reader, &former_author] {
        let posted = newsroom
            .post_update(reader, &entry.slug, &op_id(), &draft("a"), NOW)
            .await;
        assert_refused!(posted, Error::Forbidden(_));
        assert_refused!(
            newsroom
                .edit_update(reader, id, &draft("a"), None, None)
                .await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.delete_update(reader, id, None, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.restore_update(reader, deleted, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.editable_update(reader, id).await,
            Error::Forbidden(_)
        );
        assert_refused!(newsroom.desk(reader, None).await, Error::Forbidden(_));
        assert_refused!(
            newsroom.desk_entry(reader, &entry.slug).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.start_entry(reader, &entry.slug, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.end_entry(reader, &entry.slug, None).await,
            Error::Forbidden(_)
        );
        let created = newsroom
            .create_entry(Some(reader), &new_entry("theirs"))
            .await;
        assert_refused!(created, Error::Forbidden(_));
    }
    assert_eq!(newsroom.feed_head(&entry).await, head);
    assert_eq!(newsroom.texts(&entry).await, ["theirs"]);
    let unknown = newsroom.desk_entry(&newsroom.owner, &slug("theirs")).await;
    assert_refused!(unknown, Error::NotFound("live blog"));
}

async fn authors_change_only_their_own_updates(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (mine, theirs) = (
        newsroom.post(&entry, "mine").await.id,
        newsroom
            .post_as(&newsroom.editor, &entry, "theirs")
            .await
            .id,
    );
    let author = &newsroom.author;
    for _ in 0..2 {
        let edited = newsroom
            .edit_update(author, theirs, &draft("mine"), None, None)
            .await;
        assert_refused!(edited, Error::Forbidden(_));
        assert_refused!(
            newsroom.delete_update(author, theirs, None, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.restore_update(author, theirs, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            newsroom.editable_update(author, theirs).await,
            Error::Forbidden(_)
        );
    }
    assert_eq!(newsroom.texts(&entry).await, ["mine", "theirs"]);
    assert_can_change(&newsroom, author, mine).await;
}

async fn authors_cannot_replace_the_pins_of_others(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (mine, theirs) = (
        newsroom.post(&entry, "mine").await.id,
        newsroom
            .post_as(&newsroom.editor, &entry, "theirs")
            .await
            .id,
    );
    let pin = async |caller, id, on| {
        newsroom
            .mark_update(caller, id, Mark::Pinned, on, None)
            .await
    };
    let (draft, marks, op_id) = (draft("pinned"), [Mark::Pinned], op_id());
    let post =
        || newsroom.post_marked_update(&newsroom.author, &entry.slug, &op_id, &draft, &marks, NOW);
    pin(&newsroom.author, mine, true).await.unwrap();
    pin(&newsroom.editor, theirs, true).await.unwrap();

    let head = newsroom.feed_head(&entry).await;
    for _ in 0..2 {
        assert_refused!(pin(&newsroom.author, mine, true).await, Error::Forbidden(_));
        assert_refused!(
            pin(&newsroom.author, theirs, false).await,
            Error::Forbidden(_)
        );
        assert_refused!(post().await, Error::Forbidden(_));
    }
    assert_eq!(newsroom.feed_head(&entry).await, head);
    let (_, update) = newsroom.update_page(&entry.slug, theirs).await.unwrap();
    assert!(update.pinned);

    // A deleted update does not keep its pin.
    newsroom
        .delete_update(&newsroom.editor, theirs, None, None)
        .await
        .unwrap();
    pin(&newsroom.author, mine, true).await.unwrap();
    newsroom
        .restore_update(&newsroom.editor, theirs, None)
        .await
        .unwrap();
    pin(&newsroom.editor, theirs, true).await.unwrap();
    pin(&newsroom.editor, theirs, false).await.unwrap();
    pin(&newsroom.author, mine, true).await.unwrap();
    post().await.unwrap();
    // A retry of an accepted post returns its result, even if another update has been pinned since.
    pin(&newsroom.editor, theirs, true).await.unwrap();
    post().await.unwrap();
}

async fn editors_and_owners_change_everything(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for caller in [&newsroom.editor, &newsroom.owner] {
        let id = newsroom.post(&entry, "the author's").await.id;
        assert_can_change(&newsroom, caller, id).await;
        let (_, update) = newsroom.update_page(&entry.slug, id).await.unwrap();
        assert_eq!(
            update.author_id, newsroom.author.id,
            "the author stays the same"
        );
    }
}

async fn assert_can_change(newsroom: &TestNewsroom, caller: &Caller, id: domain::UpdateId) {
    newsroom.editable_update(caller, id).await.unwrap();
    newsroom
        .edit_update(caller, id, &draft("edited"), None, None)
        .await
        .unwrap();
    newsroom
        .delete_update(caller, id, None, None)
        .await
        .unwrap();
    newsroom.restore_update(caller, id, None).await.unwrap();
    let (_, editable) = newsroom.editable_update(caller, id).await.unwrap();
    assert_eq!(editable.source, "edited");
}

async fn all_roles_except_readers_manage_entries(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for caller in [
        Some(&newsroom.author),
        Some(&newsroom.editor),
        Some(&newsroom.owner),
        None,
    ] {
        let name = caller.map_or("nobodys", |caller| caller.username.as_str());
        let created = newsroom
            .create_entry(caller, &new_entry(name))
            .await
            .unwrap();
        let caller = caller.unwrap_or(&newsroom.author);
        newsroom
            .start_entry(caller, &slug(name), None)
            .await
            .unwrap();
        newsroom.end_entry(caller, &slug(name), None).await.unwrap();
        let page = newsroom.desk_entry(caller, &slug(name)).await.unwrap();
        assert_eq!(
            (page.entry.id, page.entry.state),
            (created.id, EntryState::Ended)
        );
        newsroom.desk(caller, None).await.unwrap();
    }
}
