//! Extracts JSON bodies.

use std::error::Error;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::HeaderValue,
};
use serde::de::DeserializeOwned;

use crate::{
    problem::Problem,
    security::bodies::{GuestLimit, Held, ReceivedBody, Sender},
    state::AppState,
};

/// U+FEFF in UTF-8, with which programs on Windows begin their texts.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A request's JSON body, and its share of the memory for bodies. Only for handlers of
/// authenticated callers, because of the body limit, and for routes with a [`GuestLimit`]. The
/// error for invalid JSON, or JSON that isn't a `T`, contains the position.
#[derive(Debug)]
pub struct Body<T>(pub T, pub Held);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let sender = match request.extensions().get::<GuestLimit>() {
            Some(_) => Sender::of(&request),
            None => Sender::caller(request.extensions()),
        };
        let (parts, body) = request.into_parts();
        let ReceivedBody { bytes, held } = state.bodies.receive(body, sender).await?;
        // RFC 8259, section 8.1: a byte order mark is ignored.
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(json) => bytes.slice_ref(json),
            None => bytes,
        };
        let request = Request::from_parts(parts, bytes.into());
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body, held)),
            Err(rejection) => Err(problem(&rejection)),
        }
    }
}

/// Returns whether a `Content-Type` is that of JSON. Media types ignore case (RFC 9110, 8.3.1).
pub fn is_json(content_type: &HeaderValue) -> bool {
    const JSON: &[u8] = b"application/json";
    let start = content_type.as_bytes().get(..JSON.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(JSON))
}

fn problem(rejection: &JsonRejection) -> Problem {
    let sentence = match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            "The body must be sent as application/json.".to_owned()
        }
        JsonRejection::JsonSyntaxError(error) => format!("The body is not JSON: {}.", cause(error)),
        JsonRejection::JsonDataError(error) => {
            format!("The body is invalid: {}.", cause(error))
        }
        _ => "The body can't be read. Send it again.".to_owned(),
    };
    Problem::new(rejection.status(), sentence)
}

/// Returns the parser's message, which contains the position.
fn cause(error: &impl Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
