//! Rooms, in which readers chat.

mod abuse;
mod deleting;
mod desk;
mod events;
mod feed;
mod injection;
mod limits;
mod moderation;
mod page;
mod posting;
mod refused;

use axum_test::{TestResponse, TestServer};
use domain::{ChatSetting, EntryState, RoomName, RoomState, Slug};
use newsroom::{EntryPatch, NewRoom, RoomPatch};
use serde_json::{Value, json};

use super::support::TestApp;

/// The path to which the tests send messages.
const MESSAGES: &str = "/rooms/lobby/messages";

/// Starts a server with the room `lobby`, and returns it with a client that keeps no cookies. It
/// has no limits of messages.
async fn start() -> (TestApp, TestServer) {
    let none = [
        "--messages-per-minute=0",
        "--messages-per-minute-per-address=0",
    ];
    start_with(&none).await
}

/// Starts a server in the same way, with the default limits of messages.
async fn start_with_limits() -> (TestApp, TestServer) {
    start_with(&[]).await
}

async fn start_with(flags: &[&str]) -> (TestApp, TestServer) {
    let app = TestApp::with_flags(flags).await;
    app.room("lobby", "The lobby").await;
    let program = app.browser();
    (app, program)
}

/// Sends a message as a program does.
async fn send(program: &TestServer, from: &str, text: &str) -> TestResponse {
    program
        .post(MESSAGES)
        .json(&json!({"from": from, "text": text}))
        .await
}

/// Returns the cookie of a guest, as a browser sends it.
fn cookie(response: &TestResponse) -> String {
    let cookie = response.header("set-cookie");
    let cookie = cookie.to_str().unwrap();
    cookie.split_once(';').unwrap().0.to_owned()
}

/// Returns the status and the detail of problem details.
fn refusal(response: &TestResponse) -> String {
    response.assert_header("content-type", "application/problem+json");
    response.assert_header("cache-control", "private, no-store");
    let details: Value = response.json();
    assert_eq!(details["status"], response.status_code().as_u16());
    let detail = details["detail"].as_str().unwrap();
    format!("{}: {detail}", details["status"])
}

impl TestApp {
    async fn room(&self, name: &str, title: &str) {
        let new = NewRoom::parse(name, title).unwrap();
        self.newsroom.create_room(None, &new).await.unwrap();
    }

    async fn set_room_state(&self, state: RoomState) {
        let owner = match &*self.newsroom.accounts().await.unwrap() {
            accounts
                if accounts
                    .iter()
                    .any(|it| it.caller.username.as_str() == "boss") =>
            {
                let boss = accounts
                    .iter()
                    .find(|it| it.caller.username.as_str() == "boss");
                boss.unwrap().caller.clone()
            }
            _ => self.create_account("boss", domain::Role::Owner).await,
        };
        let patch = RoomPatch {
            state: Some(state),
            ..RoomPatch::default()
        };
        let room = RoomName::parse("lobby").unwrap();
        let patched = self.newsroom.patch_room(&owner, room, &patch, None).await;
        patched.unwrap();
    }

    /// Creates the entry `final` with a chat, and returns the name of its room.
    async fn entry_with_chat(&self, state: EntryState) -> String {
        let id = self.entry("final", state).await;
        let patch = EntryPatch {
            chat: Some(ChatSetting::Open),
            ..EntryPatch::default()
        };
        let slug = Slug::parse("final").unwrap();
        let patched = self
            .newsroom
            .patch_entry(self.editor().await, &slug, &patch, None);
        patched.await.unwrap();
        format!("entry-{id}")
    }
}
