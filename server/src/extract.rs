//! What an address holds; an address that can't be read is refused in our own words.

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

/// The slug of the entry in an address that holds nothing else, as a handler's argument: what isn't
/// one is refused with 404 before any page is named by it.
pub struct EntrySlug(pub Slug);

impl<S: Send + Sync> FromRequestParts<S> for EntrySlug {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(slug(&name)?))
    }
}

/// The number of the update in an address that holds nothing else, as a handler's argument: what
/// isn't one is refused with 404.
pub struct UpdateNumber(pub UpdateId);

impl<S: Send + Sync> FromRequestParts<S> for UpdateNumber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(update_id(&id)?))
    }
}

/// The slug in an address, where nothing else may stand: what is answered leads back to it.
pub fn slug(text: &str) -> Result<Slug, Error> {
    Slug::parse(text)
        .ok()
        .filter(|slug| slug.as_str() == text)
        .ok_or(Error::NotFound("entry"))
}

/// The number of an update in an address.
pub fn update_id(text: &str) -> Result<UpdateId, Error> {
    text.parse().map_err(|_| Error::NotFound("update"))
}

fn unreadable() -> Problem {
    let sentence = "This address can't be read. The link may be cut off, or mistyped.";
    Problem::new(StatusCode::BAD_REQUEST, sentence)
}
