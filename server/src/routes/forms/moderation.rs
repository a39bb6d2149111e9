//! The forms with which editors and owners moderate rooms.

use axum::{Router, response::Response, routing::post};
use domain::{FilteredWord, HeldId, LogId, SanctionId, SlowMode};
use newsroom::{Error, ModeratedMessage, ModerationAction, RoomPatch};

use super::handler::Desk;
use crate::{
    extract::{
        Path,
        fields::Fields,
        visitor::{message_id, room_name},
    },
    routes::moderation_action::SubmittedAction,
    state::AppState,
};

/// The page of the queue.
const QUEUE: &str = "/desk/moderation";
/// The page of the rules of rooms.
const RULES: &str = "/desk/moderation/rules";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/desk/moderation/held/{id}", post(moderate_held))
        .route("/desk/moderation/messages/{id}", post(moderate_message))
        .route("/desk/moderation/sanctions/{id}/end", post(end_sanction))
        .route("/desk/moderation/removals/{id}/undo", post(undo_removal))
        .route("/desk/moderation/state", post(set_all_rooms))
        .route("/desk/moderation/words", post(set_words))
        .route("/desk/moderation/rooms/{room}", post(set_rules))
}

async fn moderate_held(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let page = format!("{QUEUE}/held/{id}");
    let message = id.parse::<HeldId>().map(ModeratedMessage::Held);
    let message = message.map_err(|_| Error::NotFound("held message"));
    moderate(desk, message, &page, fields).await
}

async fn moderate_message(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let page = format!("{QUEUE}/messages/{id}");
    let message = message_id(&id).map(ModeratedMessage::Sent);
    moderate(desk, message, &page, fields).await
}

async fn moderate(
    desk: Desk,
    message: Result<ModeratedMessage, Error>,
    page: &str,
    fields: Fields,
) -> Response {
    let done = async {
        let action = action_of(message?, &fields)?;
        let op_id = fields.op_id()?;
        desk.newsroom
            .moderate(desk.caller()?, op_id.as_ref(), action)
            .await?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("done", fields.get("action"))
            .extend_pairs(fields.get_if_any("room").map(|room| ("room", room)))
            .finish();
        Ok::<_, Error>(format!("{QUEUE}?{query}"))
    };
    let done = done.await;
    desk.respond(done, page, fields).await
}

/// Returns the action of a form's button.
fn action_of(message: ModeratedMessage, fields: &Fields) -> Result<ModerationAction, Error> {
    let [action, reason, minutes, reach] =
        ["action", "reason", "minutes", "reach"].map(|name| fields.get(name));
    let submitted = SubmittedAction {
        action,
        reason,
        minutes,
        reach,
    };
    submitted.parse(message)
}

async fn end_sanction(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let action = id.parse::<SanctionId>().map(ModerationAction::EndSanction);
    let action = action.map_err(|_| Error::NotFound("sanction"));
    act(desk, action, QUEUE, "end", fields).await
}

async fn undo_removal(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let action = id.parse::<LogId>().map(ModerationAction::UndoRemoveAll);
    let action = action.map_err(|_| Error::NotFound("removal"));
    act(desk, action, QUEUE, "undo", fields).await
}

async fn set_all_rooms(desk: Desk, fields: Fields) -> Response {
    let state = fields.get("state").parse();
    let action = state.map(ModerationAction::SetAllRooms);
    act(desk, action.map_err(Error::from), RULES, "state", fields).await
}

async fn set_words(desk: Desk, fields: Fields) -> Response {
    let lines = fields.get("words").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    let words: Result<Vec<_>, _> = lines.map(FilteredWord::parse).collect();
    let action = words.map(ModerationAction::SetWords);
    act(desk, action.map_err(Error::from), RULES, "words", fields).await
}

/// Does what a form without further parts is for, and returns to its page, which confirms it by the
/// name `what`.
async fn act(
    desk: Desk,
    action: Result<ModerationAction, Error>,
    page: &str,
    what: &str,
    fields: Fields,
) -> Response {
    let done = async {
        let op_id = fields.op_id()?;
        desk.newsroom
            .moderate(desk.caller()?, op_id.as_ref(), action?)
            .await?;
        Ok::<_, Error>(format!("{page}?done={what}"))
    };
    let done = done.await;
    desk.respond(done, page, fields).await
}

async fn set_rules(desk: Desk, Path(room): Path<String>, fields: Fields) -> Response {
    let changed = async {
        let patch = RoomPatch {
            slow_mode: Some(SlowMode::parse(fields.get("slow_mode"))?),
            hold: Some(fields.get("hold").parse()?),
            ..RoomPatch::default()
        };
        let op_id = fields.op_id()?;
        desk.newsroom
            .patch_room(desk.caller()?, room_name(&room)?, &patch, op_id.as_ref())
            .await?;
        Ok::<_, Error>(format!("{RULES}?done=rules"))
    };
    let changed = changed.await;
    desk.respond(changed, RULES, fields).await
}
