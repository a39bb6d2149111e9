//! Who may do what, role by role.

use std::time::Duration;

use domain::{EntryState, Mark, Order, Role, Viewer};
use newsroom::{Error, NewEntry};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    readers_change_nothing,
    authors_change_what_is_theirs,
    authors_leave_the_pins_of_others,
    editors_and_owners_change_everything,
    all_but_readers_run_entries,
}

const NOW: Duration = Duration::ZERO;

fn new_entry(address: &str) -> NewEntry {
    NewEntry::parse(address, address, "", "", EntryState::Draft, Order::Oldest).unwrap()
}

async fn readers_change_nothing(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let id = room.post(&entry, "theirs").await.id;
    let deleted = room.post(&entry, "deleted").await.id;
    room.delete_update(&room.author, deleted, None)
        .await
        .unwrap();
    let head = room.feed_head(&entry).await;
    // Whoever is no author any more is a reader, of what they wrote as well.
    let no_author_any_more = Viewer {
        role: Role::Reader,
        ..room.author.clone()
    };
    for reader in [&room.reader, &no_author_any_more] {
        let posted = room
            .post_update(reader, &entry.slug, &op_id(), &draft("a"), NOW)
            .await;
        assert_refused!(posted, Error::Forbidden(_));
        assert_refused!(
            room.edit_update(reader, id, &draft("a"), None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.delete_update(reader, id, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.restore_update(reader, deleted, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(room.editable_update(reader, id).await, Error::Forbidden(_));
        assert_refused!(room.desk(reader).await, Error::Forbidden(_));
        assert_refused!(
            room.desk_entry(reader, &entry.slug).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.start_entry(reader, &entry.slug, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.end_entry(reader, &entry.slug, None).await,
            Error::Forbidden(_)
        );
        let created = room.create_entry(Some(reader), &new_entry("theirs")).await;
        assert_refused!(created, Error::Forbidden(_));
    }
    assert_eq!(room.feed_head(&entry).await, head);
    assert_eq!(room.texts(&entry).await, ["theirs"]);
    let unknown = room.desk_entry(&room.owner, &slug("theirs")).await;
    assert_refused!(unknown, Error::Unknown("entry"));
}

async fn authors_change_what_is_theirs(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (mine, theirs) = (
        room.post(&entry, "mine").await.id,
        room.post_as(&room.editor, &entry, "theirs").await.id,
    );
    let author = &room.author;
    for _ in 0..2 {
        let edited = room.edit_update(author, theirs, &draft("mine"), None).await;
        assert_refused!(edited, Error::Forbidden(_));
        assert_refused!(
            room.delete_update(author, theirs, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.restore_update(author, theirs, None).await,
            Error::Forbidden(_)
        );
        assert_refused!(
            room.editable_update(author, theirs).await,
            Error::Forbidden(_)
        );
    }
    assert_eq!(room.texts(&entry).await, ["mine", "theirs"]);
    changes_it(&room, author, mine).await;
}

async fn authors_leave_the_pins_of_others(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (mine, theirs) = (
        room.post(&entry, "mine").await.id,
        room.post_as(&room.editor, &entry, "theirs").await.id,
    );
    let pin = async |viewer, id, on| room.mark_update(viewer, id, Mark::Pinned, on, None).await;
    let (draft, marks, op_id) = (draft("pinned"), [Mark::Pinned], op_id());
    let post = || room.post_marked_update(&room.author, &entry.slug, &op_id, &draft, &marks, NOW);
    pin(&room.author, mine, true).await.unwrap();
    pin(&room.editor, theirs, true).await.unwrap();

    let head = room.feed_head(&entry).await;
    for _ in 0..2 {
        assert_refused!(pin(&room.author, mine, true).await, Error::Forbidden(_));
        assert_refused!(pin(&room.author, theirs, false).await, Error::Forbidden(_));
        assert_refused!(post().await, Error::Forbidden(_));
    }
    assert_eq!(room.feed_head(&entry).await, head);
    let (_, update) = room.update_page(&entry.slug, theirs).await.unwrap();
    assert!(update.pinned);

    // What is deleted stands in nobody's way.
    room.delete_update(&room.editor, theirs, None)
        .await
        .unwrap();
    pin(&room.author, mine, true).await.unwrap();
    room.restore_update(&room.editor, theirs, None)
        .await
        .unwrap();
    pin(&room.editor, theirs, true).await.unwrap();
    pin(&room.editor, theirs, false).await.unwrap();
    pin(&room.author, mine, true).await.unwrap();
    post().await.unwrap();
    // Their own pin is theirs to move, and a post that went through is answered whatever is pinned since.
    pin(&room.editor, theirs, true).await.unwrap();
    post().await.unwrap();
}

async fn editors_and_owners_change_everything(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    for viewer in [&room.editor, &room.owner] {
        let id = room.post(&entry, "the author's").await.id;
        changes_it(&room, viewer, id).await;
        let (_, update) = room.update_page(&entry.slug, id).await.unwrap();
        assert_eq!(update.author_id, room.author.id, "it is signed as before");
    }
}

async fn changes_it(room: &TestNewsroom, viewer: &Viewer, id: domain::UpdateId) {
    room.editable_update(viewer, id).await.unwrap();
    room.edit_update(viewer, id, &draft("edited"), None)
        .await
        .unwrap();
    room.delete_update(viewer, id, None).await.unwrap();
    room.restore_update(viewer, id, None).await.unwrap();
    let (_, update) = room.editable_update(viewer, id).await.unwrap();
    assert_eq!(update.source, "edited");
}

async fn all_but_readers_run_entries(database: Database) {
    let room = TestNewsroom::on(&database).await;
    for viewer in [
        Some(&room.author),
        Some(&room.editor),
        Some(&room.owner),
        None,
    ] {
        let address = viewer.map_or("nobodys", |viewer| viewer.username.as_str());
        let created = room
            .create_entry(viewer, &new_entry(address))
            .await
            .unwrap();
        let viewer = viewer.unwrap_or(&room.author);
        room.start_entry(viewer, &slug(address), None)
            .await
            .unwrap();
        room.end_entry(viewer, &slug(address), None).await.unwrap();
        let page = room.desk_entry(viewer, &slug(address)).await.unwrap();
        assert_eq!(
            (page.entry.id, page.entry.state),
            (created.id, EntryState::Ended)
        );
        room.desk(viewer).await.unwrap();
    }
}
