//! Extractors for paths and queries. Their errors are [`Problem`]s instead of axum's texts.

pub mod client_address;
pub mod feed;
pub mod fields;
pub mod json_body;
pub mod programs;
pub mod visitor;

use axum::{
    extract::{
        FromRequestParts,
        rejection::{PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
};

use domain::{Slug, UpdateId};
use newsroom::Error;

use crate::problem::Problem;

/// The parameters of a path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// The parameters of a query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        malformed()
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        malformed()
    }
}

/// The slug in a path without other parameters. Responds with 404 if it is malformed.
pub struct EntrySlug(pub Slug);

impl<S: Send + Sync> FromRequestParts<S> for EntrySlug {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(slug(&name)?))
    }
}

/// The id of the update in a path without other parameters. Responds with 404 if it is malformed.
pub struct UpdateNumber(pub UpdateId);

impl<S: Send + Sync> FromRequestParts<S> for UpdateNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(update_id(&id)?))
    }
}

/// Parses a slug in a path.
///
/// # Errors
/// [`Error::NotFound`] if it is not exactly a slug; redirects may contain it.
pub fn slug(text: &str) -> Result<Slug, Error> {
    Slug::parse(text)
        .ok()
        .filter(|slug| slug.as_str() == text)
        .ok_or(Error::NotFound("live blog"))
}

/// Parses the id of an update in a path.
///
/// # Errors
/// [`Error::NotFound`] if it is not a number.
pub fn update_id(text: &str) -> Result<UpdateId, Error> {
    text.parse().map_err(|_| Error::NotFound("update"))
}

fn malformed() -> Problem {
    let sentence = "This address is malformed. The link may be incomplete or mistyped.";
    Problem::new(StatusCode::BAD_REQUEST, sentence)
}
