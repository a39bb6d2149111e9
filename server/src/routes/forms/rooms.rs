//! The forms with which owners create rooms, and open and close them.

use axum::{Router, response::Response, routing::post};
use newsroom::{Error, NewRoom, RoomPatch};

use super::handler::Desk;
use crate::{
    extract::{Path, fields::Fields, visitor::room_name},
    state::AppState,
};

/// The page of both forms.
const PAGE: &str = "/desk/rooms";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/desk/rooms", post(create_room))
        .route("/desk/rooms/{room}/state", post(set_state))
}

async fn create_room(desk: Desk, fields: Fields) -> Response {
    let created = async {
        let new = NewRoom::parse(fields.get("name"), fields.get("title"))?;
        let caller = desk.caller()?;
        match fields.op_id()? {
            Some(op_id) => desk.newsroom.create_room_once(caller, &op_id, &new).await?,
            None => desk.newsroom.create_room(Some(caller), &new).await?,
        };
        Ok::<_, Error>(PAGE.to_owned())
    };
    let created = created.await;
    desk.respond(created, PAGE, fields).await
}

async fn set_state(desk: Desk, Path(room): Path<String>, fields: Fields) -> Response {
    let changed = async {
        let patch = RoomPatch {
            state: Some(fields.get("state").parse()?),
            ..RoomPatch::default()
        };
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        desk.newsroom
            .patch_room(caller, room_name(&room)?, &patch, op_id.as_ref())
            .await?;
        Ok::<_, Error>(PAGE.to_owned())
    };
    let changed = changed.await;
    desk.respond(changed, PAGE, fields).await
}
