//! The API's operations of moderators, who are editors and owners.

use axum::{Json, http::StatusCode};
use domain::{
    FilteredWord, HeldId, HoldReason, Invalid, LogAction, LogId, MessageId, Reach, RoomName,
    RoomState, SanctionId, SanctionKind,
};
use newsroom::{
    Error, LogEntry, Message, ModeratedMessage, ModerationAction, QueueItem, Sanction, zone,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::Api,
    details::ErrorResponses,
    document::{reach_if_any, reason_if_any, room_state_if_any},
    key::IdempotencyKey,
};
use crate::{
    extract::{Path, Query, json_body::Body},
    problem::{Problem, keyed_problem},
    routes::moderation_action::SubmittedAction,
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read_queue))
        .routes(routes!(moderate_held))
        .routes(routes!(moderate_message))
        .routes(routes!(undo_removal))
        .routes(routes!(list_sanctions))
        .routes(routes!(end_sanction))
        .routes(routes!(read_rules, change_rules))
        .routes(routes!(read_log))
}

/// The queue of messages that wait for a moderator.
#[derive(Debug, Serialize, ToSchema)]
struct QueueAnswer {
    /// The held messages that wait the longest.
    held: Vec<ItemAnswer>,
    /// The number of all that wait, up to 1,000.
    waiting: i64,
    /// The messages that were reported first.
    reported: Vec<ItemAnswer>,
}

/// A message of the queue.
#[derive(Debug, Serialize, ToSchema)]
struct ItemAnswer {
    /// The id of the message, or of the held message.
    id: i64,
    /// The name of the room.
    room: String,
    from: String,
    text: String,
    /// When it was sent.
    date: String,
    /// Why it is held; `null` for a reported message.
    #[schema(value_type = Option<String>)]
    held: Option<HoldReason>,
    /// The reasons of the first reports.
    reports: Vec<String>,
    /// The messages before it, the oldest first: `{"id", "from", "date", "text"}`.
    #[schema(value_type = Vec<Object>)]
    before: Vec<Value>,
    /// The messages after it.
    #[schema(value_type = Vec<Object>)]
    after: Vec<Value>,
}

impl From<QueueItem> for ItemAnswer {
    fn from(item: QueueItem) -> Self {
        let json = |message: &Message| serde_json::to_value(message.to_chat_message());
        let all = |messages: &[Message]| messages.iter().flat_map(json).collect();
        let reports = item.reports.iter().map(|report| report.reason.to_string());
        Self {
            id: match item.message {
                ModeratedMessage::Sent(id) => id.0,
                ModeratedMessage::Held(id) => id.0,
            },
            room: item.room.name.to_string(),
            from: item.nick.to_string(),
            text: item.text.to_string(),
            date: zone::rfc3339(item.sent_at),
            held: item.held,
            reports: reports.collect(),
            before: all(&item.before),
            after: all(&item.after),
        }
    }
}

/// The room whose queue a client requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QueueQuery {
    /// The name of a room. All rooms if omitted.
    #[param(min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    room: Option<String>,
}

/// Get the queue
///
/// The held and the reported messages, up to 20 of each, with three messages before and after.
/// Only for editors and owners.
#[utoipa::path(
    get,
    path = "/api/v1/moderation/queue",
    params(QueueQuery),
    responses((status = 200, description = "The queue", body = QueueAnswer), ErrorResponses)
)]
async fn read_queue(
    api: Api,
    Query(query): Query<QueueQuery>,
) -> Result<Json<QueueAnswer>, Problem> {
    let room = query.room.as_deref().map(RoomName::parse).transpose();
    let room = room.map_err(|_| Error::NotFound("room"))?;
    let queue = api.newsroom.moderation_queue(api.caller(), room).await?;
    Ok(Json(QueueAnswer {
        held: queue.held.into_iter().map(ItemAnswer::from).collect(),
        waiting: queue.waiting,
        reported: queue.reported.into_iter().map(ItemAnswer::from).collect(),
    }))
}

/// What to do with a held message, or with the person who wrote it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HeldAction {
    Approve,
    Reject,
    RemoveInRoom,
    RemoveEverywhere,
    Mute,
    Ban,
}

/// What to do with a message, or with the person who wrote it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MessageAction {
    Delete,
    Dismiss,
    RemoveInRoom,
    RemoveEverywhere,
    Mute,
    Ban,
}

impl HeldAction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::RemoveInRoom => "remove_in_room",
            Self::RemoveEverywhere => "remove_everywhere",
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }
}

impl MessageAction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Dismiss => "dismiss",
            Self::RemoveInRoom => "remove_in_room",
            Self::RemoveEverywhere => "remove_everywhere",
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }
}

/// An action on a held message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeldToModerate {
    #[schema(inline)]
    action: HeldAction,
    #[schema(schema_with = reason_if_any)]
    reason: Option<String>,
    /// How many minutes a mute or a ban lasts; a day if omitted.
    #[schema(minimum = 1, maximum = 525_600)]
    minutes: Option<u32>,
    /// Whom a mute or a ban applies to; `address` if omitted.
    #[schema(schema_with = reach_if_any)]
    reach: Option<Reach>,
}

/// An action on a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageToModerate {
    #[schema(inline)]
    action: MessageAction,
    #[schema(schema_with = reason_if_any)]
    reason: Option<String>,
    /// How many minutes a mute or a ban lasts; a day if omitted.
    #[schema(minimum = 1, maximum = 525_600)]
    minutes: Option<u32>,
    /// Whom a mute or a ban applies to; `address` if omitted.
    #[schema(schema_with = reach_if_any)]
    reach: Option<Reach>,
}

/// How long a mute or a ban lasts, in minutes, unless the request specifies it: a day.
const DEFAULT_MINUTES: u32 = 1_440;

/// An action that was done.
#[derive(Debug, Serialize, ToSchema)]
struct ActionAnswer {
    /// The id of the log's entry. A removal of all messages is undone by it.
    id: i64,
}

async fn act(
    api: &Api,
    IdempotencyKey(op_id): IdempotencyKey,
    action: ModerationAction,
) -> Result<Json<ActionAnswer>, Problem> {
    let done = api
        .newsroom
        .moderate(api.caller(), op_id.as_ref(), action)
        .await
        .map_err(keyed_problem)?;
    Ok(Json(ActionAnswer { id: done.0 }))
}

fn parsed(
    message: ModeratedMessage,
    action: &str,
    reason: Option<&str>,
    (minutes, reach): (Option<u32>, Option<Reach>),
) -> Result<ModerationAction, Error> {
    let minutes = minutes.unwrap_or(DEFAULT_MINUTES).to_string();
    let submitted = SubmittedAction {
        action,
        reason: reason.unwrap_or_default(),
        minutes: &minutes,
        reach: reach.unwrap_or(Reach::Address).as_str(),
    };
    submitted.parse(message)
}

/// Moderate a held message
///
/// `approve` publishes it as if it was sent now, `reject` does not. `remove_in_room` and
/// `remove_everywhere` delete all messages of the person, `mute` and `ban` are for the person, in
/// the room or in all rooms. Only for editors and owners.
#[utoipa::path(
    post,
    path = "/api/v1/moderation/held/{id}",
    params(("id" = i64, Path, description = "The id of the held message", minimum = 1), IdempotencyKey),
    request_body = HeldToModerate,
    responses((status = 200, description = "It is done", body = ActionAnswer), ErrorResponses)
)]
async fn moderate_held(
    api: Api,
    key: IdempotencyKey,
    Path(id): Path<String>,
    Body(submitted, _held): Body<HeldToModerate>,
) -> Result<Json<ActionAnswer>, Problem> {
    let id: HeldId = id.parse().map_err(|_| Error::NotFound("held message"))?;
    let sanction = (submitted.minutes, submitted.reach);
    let action = submitted.action.as_str();
    let message = ModeratedMessage::Held(id);
    let action = parsed(message, action, submitted.reason.as_deref(), sanction)?;
    act(&api, key, action).await
}

/// Moderate a message
///
/// `delete` deletes it for all, `dismiss` closes its reports. `remove_in_room` and
/// `remove_everywhere` delete all messages of the person, `mute` and `ban` are for the person, in
/// the room or in all rooms. Only for editors and owners.
#[utoipa::path(
    post,
    path = "/api/v1/moderation/messages/{id}",
    params(("id" = i64, Path, description = "The id of the message", minimum = 1), IdempotencyKey),
    request_body = MessageToModerate,
    responses((status = 200, description = "It is done", body = ActionAnswer), ErrorResponses)
)]
async fn moderate_message(
    api: Api,
    key: IdempotencyKey,
    Path(id): Path<String>,
    Body(submitted, _held): Body<MessageToModerate>,
) -> Result<Json<ActionAnswer>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound("message"))?;
    let sanction = (submitted.minutes, submitted.reach);
    let action = submitted.action.as_str();
    let message = ModeratedMessage::Sent(id);
    let action = parsed(message, action, submitted.reason.as_deref(), sanction)?;
    act(&api, key, action).await
}

/// Undo a removal
///
/// Restores all messages that were removed with `remove_in_room` or `remove_everywhere`, within ten
/// minutes. Only for editors and owners.
#[utoipa::path(
    post,
    path = "/api/v1/moderation/removals/{id}/undo",
    params(("id" = i64, Path, description = "The id that the removal returned", minimum = 1), IdempotencyKey),
    responses((status = 200, description = "It is done", body = ActionAnswer), ErrorResponses)
)]
async fn undo_removal(
    api: Api,
    key: IdempotencyKey,
    Path(id): Path<String>,
) -> Result<Json<ActionAnswer>, Problem> {
    let id: LogId = id.parse().map_err(|_| Error::NotFound("removal"))?;
    act(&api, key, ModerationAction::UndoRemoveAll(id)).await
}

/// The mutes and bans that run.
#[derive(Debug, Serialize, ToSchema)]
struct SanctionsAnswer {
    sanctions: Vec<SanctionAnswer>,
}

/// A mute or a ban.
#[derive(Debug, Serialize, ToSchema)]
struct SanctionAnswer {
    id: i64,
    /// `mute` or `ban`.
    #[schema(value_type = String)]
    kind: SanctionKind,
    /// The room of a mute; `null` for a ban, which is for all rooms.
    room: Option<String>,
    /// The name of the person when it began.
    from: String,
    /// `person`, `address` or `network`.
    #[schema(value_type = String)]
    reach: Reach,
    reason: String,
    created_at: String,
    ends_at: String,
}

impl From<Sanction> for SanctionAnswer {
    fn from(sanction: Sanction) -> Self {
        Self {
            id: sanction.id.0,
            kind: sanction.kind,
            room: sanction.room.map(|room| room.to_string()),
            from: sanction.nick.to_string(),
            reach: sanction.reach,
            reason: sanction.reason.to_string(),
            created_at: zone::rfc3339(sanction.created_at),
            ends_at: zone::rfc3339(sanction.ends_at),
        }
    }
}

/// List mutes and bans
///
/// Those that run, up to 200, in the order in which they end. Only for editors and owners.
#[utoipa::path(
    get,
    path = "/api/v1/moderation/sanctions",
    responses((status = 200, description = "The mutes and bans", body = SanctionsAnswer), ErrorResponses)
)]
async fn list_sanctions(api: Api) -> Result<Json<SanctionsAnswer>, Problem> {
    let sanctions = api.newsroom.sanctions(api.caller()).await?;
    let sanctions = sanctions.into_iter().map(SanctionAnswer::from).collect();
    Ok(Json(SanctionsAnswer { sanctions }))
}

/// End a mute or a ban
///
/// Only for editors and owners.
#[utoipa::path(
    delete,
    path = "/api/v1/moderation/sanctions/{id}",
    params(("id" = i64, Path, description = "The id of the mute or ban", minimum = 1), IdempotencyKey),
    responses((status = 204, description = "It is ended"), ErrorResponses)
)]
async fn end_sanction(
    api: Api,
    key: IdempotencyKey,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SanctionId = id.parse().map_err(|_| Error::NotFound("sanction"))?;
    let ended = act(&api, key, ModerationAction::EndSanction(id)).await;
    ended.map(drop)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The rules of all rooms.
#[derive(Debug, Serialize, ToSchema)]
struct RulesAnswer {
    /// The state that no room exceeds: `open`, `read_only` or `closed`.
    #[schema(value_type = String)]
    state: RoomState,
    /// The words and phrases that hold a message.
    words: Vec<String>,
}

/// The changes to the rules of all rooms. Omitted fields keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RulesToChange {
    /// The state that no room exceeds.
    #[schema(schema_with = room_state_if_any)]
    state: Option<RoomState>,
    /// The words and phrases that hold a message, in place of the current ones.
    #[schema(max_items = 1000)]
    words: Option<Vec<String>>,
}

async fn rules(api: &Api) -> Result<Json<RulesAnswer>, Problem> {
    let (all, words) = api.newsroom.chat_rules(api.caller()).await?;
    Ok(Json(RulesAnswer {
        state: all.state,
        words: words.iter().map(FilteredWord::to_string).collect(),
    }))
}

/// Get the rules of all rooms
///
/// Only for editors and owners.
#[utoipa::path(
    get,
    path = "/api/v1/moderation/rules",
    responses((status = 200, description = "The rules", body = RulesAnswer), ErrorResponses)
)]
async fn read_rules(api: Api) -> Result<Json<RulesAnswer>, Problem> {
    rules(&api).await
}

/// Change the rules of all rooms
///
/// With the state `read_only` or `closed`, nobody can write in any room. Only for editors and
/// owners. Idempotent: repeating the request changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/moderation/rules",
    request_body = RulesToChange,
    responses((status = 200, description = "The current rules", body = RulesAnswer), ErrorResponses)
)]
async fn change_rules(
    api: Api,
    Body(change, _held): Body<RulesToChange>,
) -> Result<Json<RulesAnswer>, Problem> {
    let parse = |words: Vec<String>| {
        let words = words.iter().map(|word| FilteredWord::parse(word));
        words.collect::<Result<Vec<_>, Invalid>>()
    };
    let words = change.words.map(parse).transpose().map_err(Error::from)?;
    for action in [
        words.map(ModerationAction::SetWords),
        change.state.map(ModerationAction::SetAllRooms),
    ]
    .into_iter()
    .flatten()
    {
        api.newsroom.moderate(api.caller(), None, action).await?;
    }
    rules(&api).await
}

/// A page of the moderation log.
#[derive(Debug, Serialize, ToSchema)]
struct LogAnswer {
    entries: Vec<LogEntryAnswer>,
    /// The `before` of the next page; `null` on the last one.
    next: Option<i64>,
}

/// An entry of the moderation log.
#[derive(Debug, Serialize, ToSchema)]
struct LogEntryAnswer {
    id: i64,
    date: String,
    /// The username of the moderator at that time.
    by: String,
    /// What was done, such as `approve` or `ban`.
    #[schema(value_type = String)]
    action: LogAction,
    /// The name of the room; `null` for all rooms.
    room: Option<String>,
    /// The id of the message.
    message: Option<i64>,
    /// The name under which the person wrote.
    from: Option<String>,
    reason: String,
    /// What else was decided, such as the end of a ban.
    detail: String,
}

impl From<LogEntry> for LogEntryAnswer {
    fn from(entry: LogEntry) -> Self {
        Self {
            id: entry.id.0,
            date: zone::rfc3339(entry.at),
            by: entry.by,
            action: entry.action,
            room: entry.room,
            message: entry.message.map(|id| id.0),
            from: entry.nick,
            reason: entry.reason.to_string(),
            detail: entry.detail,
        }
    }
}

/// The part of the log that a client requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// The id of an entry: the page has those before it. The latest if omitted.
    before: Option<i64>,
}

/// Get the moderation log
///
/// The latest entry first, 50 on a page. Kept for 90 days. Only for editors and owners.
#[utoipa::path(
    get,
    path = "/api/v1/moderation/log",
    params(LogQuery),
    responses((status = 200, description = "A page of the log", body = LogAnswer), ErrorResponses)
)]
async fn read_log(api: Api, Query(query): Query<LogQuery>) -> Result<Json<LogAnswer>, Problem> {
    let before = query.before.map(LogId);
    let page = api.newsroom.moderation_log(api.caller(), before).await?;
    Ok(Json(LogAnswer {
        entries: page.items.into_iter().map(LogEntryAnswer::from).collect(),
        next: page.next.map(|id| id.0),
    }))
}
