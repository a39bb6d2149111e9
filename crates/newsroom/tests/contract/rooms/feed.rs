//! The feeds of rooms.

use domain::{EntryState, RoomState};
use newsroom::RoomPatch;

use super::*;
use crate::contract::support::{Event, Stream};

on_every_database! {
    message_reaches_the_streams_of_its_room,
    message_of_another_server_arrives,
    client_continues_at_its_cursor,
    client_without_a_cursor_receives_the_last_messages,
    change_of_a_room_is_in_its_feed,
    closed_room_ends_its_streams,
    unused_room_can_be_followed,
    unused_rooms_are_limited,
    other_epoch_resets_the_rooms_too,
    restored_backup_of_the_rooms_begins_another_epoch,
    client_far_behind_is_recognized,
}

async fn message_reaches_the_streams_of_its_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (lobby, _) = (newsroom.room("lobby").await, newsroom.room("other").await);
    let mut stream = Stream::open(&newsroom.newsroom, lobby, None);
    newsroom.send("other", "ann", "elsewhere").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await.message;
    let batch = stream.next_batch().await;
    assert_eq!(
        cards(&batch),
        [format!(r#"<li id="message-{}">ann: Hello</li>"#, sent.id)]
    );
    assert_eq!((batch.to, batch.room), (sent.rev, None));
    assert_eq!(newsroom.head(lobby).await.unwrap().head, sent.rev);
    let frame = newsroom.changes(lobby, None).await.unwrap();
    let [message] = frame.messages() else {
        panic!("{frame:?}")
    };
    let message: serde_json::Value = serde_json::from_slice(&message.json).unwrap();
    assert_eq!(
        message,
        serde_json::json!({"id": sent.id, "from": "ann", "date": "2026-11-21T13:05:00.000Z", "text": "Hello"})
    );
}

async fn message_of_another_server_arrives(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    let lobby = one.room("lobby").await;
    one.send("lobby", "ann", "first").await;
    assert_eq!(cards(&two.room_changes("lobby", 0).await).len(), 1);
    let mut stream = Stream::open(&two.newsroom, lobby, None);
    one.send("lobby", "ann", "second").await;
    // The other server may publish the first message only now.
    let mut received: Vec<String> = Vec::new();
    while !received.concat().contains("second") {
        received.extend(cards(&stream.next_batch().await));
    }
    assert_eq!(received.concat().matches("second").count(), 1);
}

async fn client_continues_at_its_cursor(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let lobby = newsroom.room("lobby").await;
    let first = newsroom.send("lobby", "ann", "0").await.message;
    for number in 1..=150 {
        newsroom.send("lobby", "ann", &number.to_string()).await;
    }
    let head = newsroom.head(lobby).await.unwrap();
    let (mut since, mut read) = (first.rev, 0);
    loop {
        let batch = newsroom.room_changes("lobby", since).await;
        assert!(batch.changes.len() <= 100);
        assert_eq!((batch.from, batch.head), (since, head.head));
        read += batch.changes.len();
        since = batch.to;
        if !batch.more {
            break;
        }
    }
    assert_eq!((read, since), (150, head.head));
    let ahead = Cursor::new(head.epoch, head.head + 1);
    assert_refused!(newsroom.changes(lobby, Some(ahead)).await, Error::Reset(_));
}

async fn client_without_a_cursor_receives_the_last_messages(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    for number in 0..101 {
        newsroom
            .send("lobby", "ann", &format!("no. {number}."))
            .await;
    }
    let batch = newsroom.room_changes("lobby", 0).await;
    assert_eq!(
        (batch.changes.len(), batch.more, batch.to),
        (100, false, batch.head)
    );
    assert!(!cards(&batch).concat().contains("no. 0."));
    assert_eq!(batch.room.unwrap().title, "The lobby");
}

async fn change_of_a_room_is_in_its_feed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let lobby = newsroom.room("lobby").await;
    let mut stream = Stream::open(&newsroom.newsroom, lobby, None);
    let patch = RoomPatch {
        state: Some(RoomState::ReadOnly),
        ..RoomPatch::default()
    };
    let room = newsroom
        .patch_room(&newsroom.owner, name("lobby"), &patch, None)
        .await
        .unwrap();
    let batch = stream.next_batch().await;
    let change = batch.room.unwrap();
    assert_eq!((change.rev, change.state), (room.rev, RoomState::ReadOnly));
    assert_eq!(newsroom.head(lobby).await.unwrap().state, EntryState::Live);
}

async fn closed_room_ends_its_streams(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let lobby = newsroom.room("lobby").await;
    let mut stream = Stream::open(&newsroom.newsroom, lobby, None);
    let patch = RoomPatch {
        state: Some(RoomState::Closed),
        ..RoomPatch::default()
    };
    newsroom
        .patch_room(&newsroom.owner, name("lobby"), &patch, None)
        .await
        .unwrap();
    assert_eq!(
        stream.next_batch().await.room.unwrap().state,
        RoomState::Closed
    );
    assert!(matches!(stream.next_event().await, Event::Ended));
    let patch = RoomPatch {
        state: Some(RoomState::Open),
        ..RoomPatch::default()
    };
    newsroom
        .patch_room(&newsroom.owner, name("lobby"), &patch, None)
        .await
        .unwrap();
    let mut stream = Stream::open(&newsroom.newsroom, lobby, None);
    newsroom.send("lobby", "ann", "Open again").await;
    assert_eq!(stream.next_batch().await.changes.len(), 1);
}

async fn unused_room_can_be_followed(database: Database) {
    let (one, two) = (
        with_open_rooms(&database).await,
        with_open_rooms(&database).await,
    );
    let kitchen = FeedId::Room(name("kitchen"));
    let head = two.head(kitchen).await.unwrap();
    assert_eq!((head.head, head.state), (0, EntryState::Live));
    assert!(two.room_changes("kitchen", 0).await.is_empty());
    let mut stream = Stream::open(&two.newsroom, kitchen, None);
    let sent = one.send("kitchen", "ann", "Hello").await.message;
    let batch = stream.next_batch().await;
    assert_eq!((cards(&batch).len(), batch.to), (1, sent.rev));
    assert_eq!(two.head(kitchen).await.unwrap().head, sent.rev);
    let reserved = FeedId::Room(name("entry-999"));
    assert_refused!(two.head(reserved).await, Error::NotFound("room"));
}

async fn unused_rooms_are_limited(database: Database) {
    let newsroom = with_open_rooms(&database).await;
    for number in 0..50 {
        newsroom
            .head(FeedId::Room(name(&format!("room-{number}"))))
            .await
            .unwrap();
    }
    assert!(newsroom.hub().head(FeedId::Room(name("room-49"))).is_some());
    assert_eq!(newsroom.rooms(&newsroom.owner).await.unwrap().len(), 0);
}

async fn other_epoch_resets_the_rooms_too(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let lobby = newsroom.room("lobby").await;
    newsroom.send("lobby", "ann", "Hello").await;
    let mut stream = Stream::open(&newsroom.newsroom, lobby, None);
    let before = newsroom.head(lobby).await.unwrap();
    database.begin_epoch().await;
    assert!(matches!(stream.next_event().await, Event::Reset));
    let after = newsroom.head(lobby).await.unwrap();
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.head, before.head);
    let since = Some(Cursor::new(before.epoch, before.head));
    assert_refused!(newsroom.changes(lobby, since).await, Error::Reset(_));
}

async fn restored_backup_of_the_rooms_begins_another_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let lobby = newsroom.room("lobby").await;
    newsroom.shut_down().await;
    database.back_up().await;
    let newsroom = TestNewsroom::on(&database).await;
    let epoch = newsroom.head(lobby).await.unwrap().epoch;
    newsroom.send("lobby", "ann", "lost").await;
    newsroom.shut_down().await;
    database.restore_backup().await;
    let newsroom = TestNewsroom::on(&database).await;
    let head = newsroom.head(lobby).await.unwrap();
    assert_ne!(head.epoch, epoch, "a client may have the lost message");
}

async fn client_far_behind_is_recognized(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let first = newsroom.send("lobby", "ann", "0").await.message;
    for number in 1..=5 {
        newsroom.send("lobby", "ann", &number.to_string()).await;
    }
    let last = newsroom.latest("lobby").await.room.head;
    for (since, limit, expected) in [
        (first.rev, 5, false),
        (first.rev, 4, true),
        (last, 0, false),
        (last + 1, 5, true),
        (i64::MAX, 5, true),
    ] {
        let behind = newsroom
            .is_behind_room(name("lobby"), since, limit)
            .await
            .unwrap();
        assert_eq!(behind, expected, "{since} {limit}");
    }
    assert_refused!(
        newsroom.is_behind_room(name("none"), 0, 5).await,
        Error::NotFound("room")
    );
}
