//! The feed of a room, over every transport.

use domain::RoomState;
use serde_json::{Value, json};

use super::{send, start};
use crate::http::support::head_of;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn room_is_followed_as_an_entry_is() {
    let (app, program) = start().await;
    let mut stream = app.stream("/feed/room-lobby/stream").await;
    assert_eq!(stream.next().await.unwrap().name, "heartbeat");
    let sent: Value = send(&program, "ann", "Goal!").await.json();
    let event = stream.next_event().await.unwrap();
    assert_eq!(event.name, "batch");
    let change = &event.data["changes"][0];
    assert_eq!(
        (&change["id"], &change["entry_id"]),
        (&sent["id"], &json!(0))
    );
    let page = program.get("/rooms/lobby").await.text();
    assert!(page.contains(change["html"].as_str().unwrap()), "{page}");

    let head: Value = program.get("/feed/room-lobby/head").await.json();
    assert_eq!(
        (&head["head"], &head["state"]),
        (&event.data["to"], &json!("live"))
    );
    let changes: Value = program.get("/feed/room-lobby/changes").await.json();
    assert_eq!(changes["changes"], event.data["changes"]);
    assert_eq!(changes["room"]["title"], "The lobby");
    let ahead = format!("{}.99", head["epoch"].as_str().unwrap());
    let reset = program
        .get(&format!("/feed/room-lobby/changes?since={ahead}"))
        .await;
    assert_eq!(reset.status_code(), 410);

    app.set_room_state(RoomState::Closed).await;
    assert_eq!(
        stream.next_event().await.unwrap().data["room"]["state"],
        "closed"
    );
    let bye = stream.next_event().await.unwrap();
    assert_eq!((&*bye.name, bye.data), ("bye", json!({"ended": true})));
    assert_eq!(
        program.get("/feed/room-lobby/stream").await.status_code(),
        204
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn feed_of_an_unknown_room_is_not_found() {
    let (_app, program) = start().await;
    for room in ["room-kitchen", "room-", "room-Lobby", "room-entry-999"] {
        for what in ["head", "changes", "stream"] {
            let response = program.get(&format!("/feed/{room}/{what}")).await;
            assert_eq!(head_of(&response, &[]), "404 Not Found");
            response.assert_text("There is no such room.");
        }
    }
}
