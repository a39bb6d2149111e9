//! What a program sends.

use std::error::Error;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;

use crate::{
    bodies::{Held, ReceivedBody, Sender},
    problem::Problem,
    state::AppState,
};

/// U+FEFF in UTF-8, which programs on Windows begin their texts with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A request's body, from JSON, and its share of the memory for bodies: for a handler whose caller is
/// known. What isn't JSON, and what is but isn't a `T`, is refused with its place.
#[derive(Debug)]
pub struct Body<T>(pub T, pub Held);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let ReceivedBody { bytes, held } = state.bodies.receive(body, Sender::Caller).await?;
        // RFC 8259, section 8.1: a byte order mark is ignored.
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(json) => bytes.slice_ref(json),
            None => bytes,
        };
        let request = Request::from_parts(parts, bytes.into());
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body, held)),
            Err(refusal) => Err(problem(&refusal)),
        }
    }
}

fn problem(refusal: &JsonRejection) -> Problem {
    let sentence = match refusal {
        JsonRejection::MissingJsonContentType(_) => {
            "The body must be sent as application/json.".to_owned()
        }
        JsonRejection::JsonSyntaxError(error) => format!("The body is not JSON: {}.", cause(error)),
        JsonRejection::JsonDataError(error) => {
            format!("The body can't be taken: {}.", cause(error))
        }
        _ => "The body can't be read. Send it again.".to_owned(),
    };
    Problem::new(refusal.status(), sentence)
}

/// What the parser says, and where.
fn cause(error: &impl Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
