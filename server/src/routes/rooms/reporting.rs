//! Reporting messages to the moderators: from the form of a page, and from programs.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
};
use domain::Reason;
use newsroom::{Error, Newsroom};
use serde::Deserialize;

use crate::{
    extract::{
        Path,
        fields::Fields,
        json_body::{Body, is_json},
        visitor::{RoomVisitor, message_id, room_name},
    },
    pages::wants_page,
    problem::Problem,
    state::AppState,
};

/// A report in JSON. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JsonReport {
    reason: String,
}

/// The reason of a report, as it was submitted in a form or in JSON.
pub struct SubmittedReason(String);

impl FromRequest<AppState> for SubmittedReason {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE);
        if content_type.is_some_and(is_json) {
            let Body(report, _held) = Body::<JsonReport>::from_request(request, state).await?;
            return Ok(Self(report.reason));
        }
        let fields = Fields::from_request(request, state).await?;
        Ok(Self(fields.get("reason").to_owned()))
    }
}

/// Reports a message. Responds with 204; a browser is redirected to the room.
pub async fn report_message(
    State(newsroom): State<Arc<Newsroom>>,
    Path((room, id)): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
    headers: HeaderMap,
    SubmittedReason(reason): SubmittedReason,
) -> Result<Response, Problem> {
    let (room, id) = (room_name(&room)?, message_id(&id)?);
    let reason = Reason::parse(&reason).map_err(Error::from)?;
    newsroom.report_message(room, id, &visitor, reason).await?;
    if wants_page(&headers) {
        return Ok(Redirect::to(&format!("/rooms/{room}?reported={id}")).into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
