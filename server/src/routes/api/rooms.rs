//! The API's operations on rooms. Their messages have routes of their own, for everyone.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use domain::{ChatSetting, Hold, Invalid, RoomState, SlowMode, Title};
use newsroom::{Error, NewRoom, Room, RoomPatch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::Api,
    details::ErrorResponses,
    document::{
        chat, hold, hold_if_any, room_name as room_name_schema, room_state_if_any, title,
        title_if_any,
    },
    key::IdempotencyKey,
};
use crate::{
    extract::{Path, json_body::Body, visitor::room_name},
    problem::{Problem, keyed_problem},
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_room))
        .routes(routes!(read_room, change_room))
}

/// A room.
#[derive(Debug, Serialize, ToSchema)]
struct RoomAnswer {
    /// The name in URLs.
    name: String,
    title: String,
    /// Whether messages can be sent: `open`, `read_only` or `closed`; `off` for the hidden room of
    /// an entry.
    #[schema(schema_with = chat)]
    state: ChatSetting,
    /// How many seconds a person waits between two messages; 0 if slow mode is off.
    slow_mode: u16,
    /// Which messages wait for a moderator, besides those with a filtered word: `none`,
    /// `new_guests` or `all`.
    #[schema(schema_with = hold)]
    hold: Hold,
    /// The id of its feed, as in `/feed/{feed}/head`.
    feed: String,
    /// The URL of the room's page.
    url: String,
}

impl RoomAnswer {
    fn of(api: &Api, room: &Room) -> Self {
        Self {
            name: room.name.to_string(),
            title: room.title.to_string(),
            state: room.setting,
            slow_mode: room.rules.slow_mode.seconds(),
            hold: room.rules.hold,
            feed: room.feed().to_string(),
            url: api.url(format_args!("/rooms/{}", room.name)),
        }
    }
}

/// The room to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoomToCreate {
    #[schema(schema_with = room_name_schema)]
    name: String,
    #[schema(schema_with = title)]
    title: String,
}

/// The changes to a room. Omitted fields keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoomToChange {
    /// The title. The room of an entry has that of the entry.
    #[schema(schema_with = title_if_any)]
    title: Option<String>,
    /// Whether messages can be sent.
    #[schema(schema_with = room_state_if_any)]
    state: Option<RoomState>,
    /// How many seconds a person waits between two messages; 0 turns slow mode off.
    #[schema(maximum = 3600)]
    slow_mode: Option<u16>,
    /// Which messages wait for a moderator, besides those with a filtered word.
    #[schema(schema_with = hold_if_any)]
    hold: Option<Hold>,
}

/// Create a room
///
/// Only owners can create rooms. Names that begin with `entry-` are reserved for the chats of
/// entries.
#[utoipa::path(
    post,
    path = "/api/v1/rooms",
    params(IdempotencyKey),
    request_body = RoomToCreate,
    responses((status = 201, description = "The created room. A retry with the same key returns the same room", body = RoomAnswer), ErrorResponses)
)]
async fn create_room(
    api: Api,
    key: IdempotencyKey,
    Body(room, _held): Body<RoomToCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<RoomAnswer>), Problem> {
    let new = NewRoom::parse(&room.name, &room.title).map_err(Error::from)?;
    let key = key.or_random()?;
    let room = api
        .newsroom
        .create_room_once(api.caller(), &key, &new)
        .await
        .map_err(keyed_problem)?;
    let created = RoomAnswer::of(&api, &room);
    let location = [(LOCATION, created.url.clone())];
    Ok((StatusCode::CREATED, location, Json(created)))
}

/// Get a room
///
/// Only for owners. Its messages are at `/rooms/{room}/messages`, for everyone.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}",
    params(("room" = String, Path, description = "The room's name in URLs", min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")),
    responses((status = 200, description = "The room", body = RoomAnswer), ErrorResponses)
)]
async fn read_room(api: Api, Path(name): Path<String>) -> Result<Json<RoomAnswer>, Problem> {
    let room = api
        .newsroom
        .managed_room(api.caller(), room_name(&name)?)
        .await?;
    Ok(Json(RoomAnswer::of(&api, &room)))
}

/// Change a room
///
/// Only for owners; the chat of an entry can be changed by everyone who may manage entries, and
/// `slow_mode` and `hold` of every room by editors.
/// Idempotent: repeating the request changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/rooms/{room}",
    params(("room" = String, Path, description = "The room's name in URLs", min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$"), IdempotencyKey),
    request_body = RoomToChange,
    responses((status = 200, description = "The room in its current state", body = RoomAnswer), ErrorResponses)
)]
async fn change_room(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    Path(name): Path<String>,
    Body(change, _held): Body<RoomToChange>,
) -> Result<Json<RoomAnswer>, Problem> {
    let title = change.title.as_deref().map(Title::parse).transpose();
    let patch = RoomPatch {
        title: title.map_err(Error::from)?,
        state: change.state,
        slow_mode: change.slow_mode.map(slow_mode).transpose()?,
        hold: change.hold,
    };
    let room = api
        .newsroom
        .patch_room(api.caller(), room_name(&name)?, &patch, op_id.as_ref())
        .await
        .map_err(keyed_problem)?;
    Ok(Json(RoomAnswer::of(&api, &room)))
}

fn slow_mode(seconds: u16) -> Result<SlowMode, Error> {
    let invalid = || Invalid::new("slow_mode", "Slow mode must be 0 (off) to 3600 seconds.");
    Ok(SlowMode::new(seconds).ok_or_else(invalid)?)
}
