//! Sending messages: from the form of a room's page, and from programs.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Redirect, Response},
};
use domain::{MessageText, Nick, OpId, RoomName, hygiene};
use newsroom::{Error, NewMessage, SentMessage, Visitor};
use serde::Deserialize;
use serde_json::json;

use super::rate_limit_fields::rate_limit_fields;
use crate::{
    extract::{
        Path,
        fields::Fields,
        json_body::{Body, is_json},
        visitor::{RoomVisitor, room_name},
    },
    pages::wants_page,
    problem::Problem,
    routes::{api::IdempotencyKey, forms::rejected_form},
    security::{bodies::Held, guest_cookie},
    state::AppState,
};

/// A message in JSON. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct JsonMessage {
    from: String,
    text: String,
    op_id: String,
}

/// A message as it was submitted.
pub enum Submitted {
    /// As a form.
    Form(Fields),
    /// As JSON, with its share of the memory for bodies.
    Json(
        JsonMessage,
        #[expect(dead_code, reason = "its drop releases the memory")] Held,
    ),
}

impl FromRequest<AppState> for Submitted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE);
        if content_type.is_some_and(is_json) {
            let Body(message, held) = Body::from_request(request, state).await?;
            return Ok(Self::Json(message, held));
        }
        Fields::from_request(request, state).await.map(Self::Form)
    }
}

impl Submitted {
    /// Returns the name, the text and the operation id.
    fn texts(&self) -> [&str; 3] {
        match self {
            Self::Form(fields) => ["from", "text", "op_id"].map(|name| fields.get(name)),
            Self::Json(message, _) => [&message.from, &message.text, &message.op_id],
        }
    }

    /// Parses the message. An account that gives no name writes under its username.
    fn parse(&self, visitor: &Visitor, key: Option<OpId>) -> Result<NewMessage, Error> {
        let [from, text, op_id] = self.texts();
        let is_unnamed = visitor.caller.is_some() && hygiene::clean_line(from).is_empty();
        let op_id = match (key, op_id) {
            (Some(key), _) => Some(key),
            (None, "") => None,
            (None, id) => Some(OpId::parse(id)?),
        };
        Ok(NewMessage {
            from: (!is_unnamed).then(|| Nick::parse(from)).transpose()?,
            text: MessageText::parse(text)?,
            op_id,
        })
    }
}

/// Sends a message. Responds with 201 and the message, or with 202 if it is held; a browser is
/// redirected to the page. A form that is refused is shown again, with its name and its text.
pub async fn post_message(
    State(state): State<AppState>,
    Path(room): Path<String>,
    RoomVisitor(visitor): RoomVisitor,
    IdempotencyKey(key): IdempotencyKey,
    headers: HeaderMap,
    submitted: Submitted,
) -> Response {
    let sent = async {
        let room = room_name(&room)?;
        let message = submitted.parse(&visitor, key)?;
        let sent = state
            .newsroom
            .post_message(room, &visitor, &message)
            .await?;
        let new_guest = sent.guest.as_ref().filter(|_| visitor.guest.is_none());
        let cookies = guest_cookie::set(&state.newsroom, new_guest, &state.settings).await?;
        Ok((room, message, sent, cookies))
    };
    match sent.await {
        Ok((room, message, sent, cookies)) => {
            let limits = rate_limit_fields(&sent.allowances);
            (cookies, limits, respond(room, &sent, &message, &headers)).into_response()
        }
        Err(error) => refuse(&state, &room, visitor, &headers, submitted, error).await,
    }
}

fn respond(
    room: RoomName,
    sent: &SentMessage,
    submitted: &NewMessage,
    headers: &HeaderMap,
) -> Response {
    if wants_page(headers) {
        return Redirect::to(&page_after(room, sent, submitted)).into_response();
    }
    match &sent.message {
        Some(message) => (StatusCode::CREATED, Json(message.to_chat_message())).into_response(),
        None => (StatusCode::ACCEPTED, Json(json!({ "state": "held" }))).into_response(),
    }
}

/// Returns the page that a browser opens after a message: the room's, which keeps the name, and
/// shows how many messages can be sent now, or that the message is held.
fn page_after(room: RoomName, sent: &SentMessage, submitted: &NewMessage) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let from = submitted.from.as_ref().map(Nick::as_str);
    if let Some(name) = sent.message.as_ref().map(|it| it.nick.as_str()).or(from) {
        query.append_pair("user", name);
    }
    let left = sent.allowances.iter().map(|allowance| allowance.remaining);
    if let Some(left) = left.min() {
        query.append_pair("left", &left.to_string());
    }
    let part = if let Some(message) = &sent.message {
        format!("message-{}", message.id)
    } else {
        query.append_pair("held", "1");
        "new".to_owned()
    };
    format!("/rooms/{room}?{}#{part}", query.finish())
}

/// Responds to a message that is refused: to a form of a browser, with the room's page, whose form
/// keeps the texts; otherwise with a problem.
async fn refuse(
    state: &AppState,
    room: &str,
    visitor: Visitor,
    headers: &HeaderMap,
    submitted: Submitted,
    error: Error,
) -> Response {
    let Submitted::Form(fields) = submitted else {
        return Problem::from(error).into_response();
    };
    // The page needs the database, too, and has no form if nobody may write.
    let has_form = !error.is_server_failure() && !matches!(error, Error::Forbidden(_));
    if !has_form || !wants_page(headers) {
        return Problem::from(error).into_response();
    }
    let problem = Problem::from(error.clone());
    let retry = error
        .retry_after()
        .map(|seconds| [(RETRY_AFTER, HeaderValue::from(seconds))]);
    let (status, form) = rejected_form(error, fields.values().clone());
    let page = format!("/rooms/{room}");
    let page = state.pages.form_page(&page, visitor.caller, status, form);
    match page.await {
        Ok(page) => (retry, page).into_response(),
        Err(_) => problem.into_response(),
    }
}
