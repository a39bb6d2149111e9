//! Creating rooms, opening and closing them.

use domain::{RoomState, Title};
use newsroom::RoomPatch;

use super::*;

on_every_database! {
    owner_creates_a_room,
    name_of_a_room_is_unique_and_not_reserved,
    only_owners_manage_rooms,
    nobody_writes_in_a_read_only_or_closed_room,
    repeated_change_of_a_room_changes_nothing,
    open_room_exists_before_its_first_message,
    unknown_room_does_not_exist,
}

fn state(state: RoomState) -> RoomPatch {
    RoomPatch {
        state: Some(state),
        ..RoomPatch::default()
    }
}

async fn owner_creates_a_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let new = NewRoom::parse(" lobby ", "The <lobby>").unwrap();
    let op_id = op_id();
    let room = newsroom
        .create_room_once(&newsroom.owner, &op_id, &new)
        .await
        .unwrap();
    assert_eq!(room.public_state(), Some(RoomState::Open));
    assert_eq!(
        newsroom
            .create_room_once(&newsroom.owner, &op_id, &new)
            .await
            .unwrap(),
        room
    );
    let other = NewRoom::parse("other", "Other").unwrap();
    assert_refused!(
        newsroom
            .create_room_once(&newsroom.owner, &op_id, &other)
            .await,
        Error::IdempotencyConflict
    );
    assert_eq!(newsroom.latest("lobby").await.room, room);
    assert_eq!(newsroom.rooms(&newsroom.owner).await.unwrap(), [room]);
}

async fn name_of_a_room_is_unique_and_not_reserved(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let again = NewRoom::parse("lobby", "Again").unwrap();
    assert_refused!(
        newsroom.create_room(None, &again).await,
        Error::Invalid(invalid) if invalid.field == "name"
    );
    for name in [
        "entry-1",
        "entry-999",
        "entry-",
        "entry-x",
        "Lobby",
        "",
        "a b",
    ] {
        assert!(NewRoom::parse(name, "A title").is_err(), "{name}");
    }
    assert!(NewRoom::parse("other", " ").is_err());
}

async fn only_owners_manage_rooms(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let new = NewRoom::parse("other", "Other").unwrap();
    for caller in [&newsroom.editor, &newsroom.author, &newsroom.reader] {
        assert_refused!(
            newsroom.create_room(Some(caller), &new).await,
            Error::Forbidden(_)
        );
        let patch = state(RoomState::Closed);
        let refused = newsroom
            .patch_room(caller, name("lobby"), &patch, None)
            .await;
        assert_refused!(refused, Error::Forbidden(_));
        assert_refused!(newsroom.rooms(caller).await, Error::Forbidden(_));
    }
    newsroom
        .create_room(Some(&newsroom.owner), &new)
        .await
        .unwrap();
}

async fn nobody_writes_in_a_read_only_or_closed_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.send("lobby", "ann", "Hello").await;
    for (shut, sentence) in [
        (
            RoomState::ReadOnly,
            "This room is read-only at the moment. Your message was not sent.",
        ),
        (
            RoomState::Closed,
            "This room is closed. Your message was not sent.",
        ),
    ] {
        newsroom
            .patch_room(&newsroom.owner, name("lobby"), &state(shut), None)
            .await
            .unwrap();
        for visitor in [program("192.0.2.1"), member(&newsroom.owner)] {
            let refused = newsroom
                .try_send("lobby", &visitor, "x", "x")
                .await
                .unwrap_err();
            assert_eq!(refused.to_string(), sentence);
        }
        let page = newsroom.latest("lobby").await;
        assert_eq!((page.state, texts(&page.messages)), (shut, vec!["Hello"]));
    }
    newsroom
        .patch_room(
            &newsroom.owner,
            name("lobby"),
            &state(RoomState::Open),
            None,
        )
        .await
        .unwrap();
    newsroom.send("lobby", "ann", "Open again").await;
}

async fn repeated_change_of_a_room_changes_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let op_id = op_id();
    let patch = RoomPatch {
        title: Some(Title::parse("Foyer").unwrap()),
        state: Some(RoomState::ReadOnly),
        ..RoomPatch::default()
    };
    let patch_room = |patch: RoomPatch, op_id: Option<OpId>| {
        let newsroom = &newsroom;
        async move {
            newsroom
                .patch_room(&newsroom.owner, name("lobby"), &patch, op_id.as_ref())
                .await
        }
    };
    let changed = patch_room(patch.clone(), Some(op_id.clone()))
        .await
        .unwrap();
    assert_eq!(
        (changed.title.as_str(), changed.setting),
        ("Foyer", ChatSetting::ReadOnly)
    );
    let same = patch_room(patch.clone(), None).await.unwrap();
    assert_eq!(same, changed);
    let opened = patch_room(state(RoomState::Open), None).await.unwrap();
    assert!(opened.rev > changed.rev);
    assert_eq!(patch_room(patch, Some(op_id)).await.unwrap(), opened);
}

async fn open_room_exists_before_its_first_message(database: Database) {
    let newsroom = with_open_rooms(&database).await;
    let page = newsroom.latest("kitchen").await;
    assert_eq!((page.room.title.as_str(), page.room.id), ("kitchen", None));
    assert_eq!(page.last_event_id(), "room-kitchen:0");
    newsroom.send("kitchen", "ann", "Hello").await;
    assert_eq!(newsroom.room_texts("kitchen").await, ["Hello"]);
    let reserved = newsroom.room_page(name("entry-999"), None, None, 50).await;
    assert_refused!(reserved, Error::NotFound(_));
    let visitor = program("192.0.2.1");
    assert_refused!(
        newsroom.try_send("entry-999", &visitor, "ann", "x").await,
        Error::NotFound(_)
    );
    // Nothing is stored if the first message is refused.
    assert_refused!(
        newsroom.try_send("cellar", &visitor, "owner", "x").await,
        Error::NickTaken(_)
    );
    assert_eq!(newsroom.rooms(&newsroom.owner).await.unwrap().len(), 1);
}

async fn unknown_room_does_not_exist(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let visitor = member(&newsroom.owner);
    assert_refused!(
        newsroom.try_send("kitchen", &visitor, "x", "x").await,
        Error::NotFound("room")
    );
    let page = newsroom
        .room_page(name("kitchen"), Some(&newsroom.owner), None, 50)
        .await;
    assert_refused!(page, Error::NotFound("room"));
    assert_refused!(
        newsroom.head(FeedId::Room(name("kitchen"))).await,
        Error::NotFound("room")
    );
}
