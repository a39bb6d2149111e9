//! What an address holds; an address that can't be read is refused in our own words.

use axum::{
    extract::{
        FromRequestParts,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
};

use crate::problem::Problem;

/// The named parts of an address's path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// An address's query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        unreadable()
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        unreadable()
    }
}

fn unreadable() -> Problem {
    let sentence = "This address can't be read. The link may be cut off, or mistyped.";
    Problem::new(StatusCode::BAD_REQUEST, sentence)
}
