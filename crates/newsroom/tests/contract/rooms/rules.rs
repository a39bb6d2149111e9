//! The state of all rooms, and who may change the rules of one.

use domain::{EntryState, FeedId, Hold, RoomState, SlowMode};

use super::*;
use crate::contract::support::Stream;

on_every_database! {
    one_switch_closes_all_rooms_on_all_servers,
    switch_never_opens_a_room,
    moderators_change_the_rules_of_rooms,
}

async fn one_switch_closes_all_rooms_on_all_servers(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    let entry = one.live_entry().await;
    one.set_chat_of(&entry, ChatSetting::Open).await;
    let chat = format!("entry-{}", entry.id);
    one.room("lobby").await;
    let ann = program("192.0.2.1");
    for (state, sentence) in [
        (
            RoomState::ReadOnly,
            "This room is read-only at the moment. Your message was not sent.",
        ),
        (
            RoomState::Closed,
            "This room is closed. Your message was not sent.",
        ),
    ] {
        one.act(ModerationAction::SetAllRooms(state)).await;
        for room in ["lobby", &chat] {
            let refused = two.try_send(room, &ann, "ann", "Hello").await;
            assert_refused!(refused, Error::Forbidden(it) if it == sentence);
            assert_eq!(two.latest(room).await.state, state);
            let batch = one.room_changes(room, 1).await;
            assert_eq!(batch.room.unwrap().state, state);
        }
    }
    let head = one.head(FeedId::Room(name("lobby"))).await.unwrap();
    assert_eq!(head.state, EntryState::Ended);
    one.act(ModerationAction::SetAllRooms(RoomState::Open))
        .await;
    for room in ["lobby", &chat] {
        two.try_send(room, &ann, "ann", "Hello").await.unwrap();
    }
    let mut stream = Stream::open(&one.newsroom, FeedId::Room(name("lobby")), None);
    one.send("lobby", "ann", "again").await;
    assert!(cards(&stream.next_batch().await).concat().contains("again"));
}

async fn switch_never_opens_a_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let closed = RoomPatch {
        state: Some(RoomState::Closed),
        ..RoomPatch::default()
    };
    newsroom.patch("lobby", closed).await;
    for state in RoomState::ALL {
        newsroom.act(ModerationAction::SetAllRooms(*state)).await;
        assert_eq!(newsroom.latest("lobby").await.state, RoomState::Closed);
    }
    for caller in [&newsroom.author, &newsroom.reader] {
        let open = ModerationAction::SetAllRooms(RoomState::Open);
        let refused = newsroom.moderate(caller, None, open).await;
        assert_refused!(refused, Error::Forbidden(_));
    }
}

async fn moderators_change_the_rules_of_rooms(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let feed = newsroom.room("lobby").await;
    let head = newsroom.head(feed).await.unwrap();
    let patch = RoomPatch {
        slow_mode: SlowMode::new(10),
        hold: Some(Hold::NewGuests),
        ..RoomPatch::default()
    };
    for caller in [&newsroom.author, &newsroom.reader] {
        let refused = newsroom.patch_room(caller, name("lobby"), &patch, None);
        assert_refused!(refused.await, Error::Forbidden(_));
    }
    let op_id = op_id();
    for _ in 0..2 {
        let room = newsroom
            .patch_room(&newsroom.editor, name("lobby"), &patch, Some(&op_id))
            .await
            .unwrap();
        assert_eq!(
            (room.rules.slow_mode.seconds(), room.rules.hold),
            (10, Hold::NewGuests)
        );
    }
    // Readers don't see the rules.
    assert_eq!(newsroom.head(feed).await.unwrap(), head);
    let state = RoomPatch {
        state: Some(RoomState::Closed),
        ..patch
    };
    let refused = newsroom.patch_room(&newsroom.editor, name("lobby"), &state, None);
    assert_refused!(refused.await, Error::Forbidden(_));
    let log = newsroom
        .moderation_log(&newsroom.editor, None)
        .await
        .unwrap();
    assert_eq!(log.items.len(), 1);
    assert_eq!(log.items[0].detail, "slow mode 10 s, hold new_guests");
}
