//! What a program sends.

use std::error::Error;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A request's body, from JSON. What isn't JSON, and what is but isn't a `T`, is refused with its place.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
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
