//! Likes: by `PUT` and `DELETE` for pages and programs, and by a form that needs no JavaScript.

use axum::{
    Extension, Json, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::put,
};
use axum_extra::extract::CookieJar;
use domain::{Invalid, OpId, Slug, UpdateId};
use newsroom::{Error, Liked, Visitor};
use serde::Serialize;

use crate::{
    extract::{Path, fields::Fields, slug, update_id, visitor::RoomVisitor},
    pages::wants_page,
    problem::Problem,
    routes::api::IdempotencyKey,
    security::{
        bodies::{BodyLimit, GuestLimit},
        guest_cookie,
    },
    state::AppState,
};

/// The body limit of the form, in bytes. It has one short field.
const FORM_LIMIT: usize = 1024;

/// Whether the client likes an update, and the number of all its likes.
#[derive(Debug, Serialize)]
pub struct LikedJson {
    id: UpdateId,
    likes: i64,
    liked: bool,
}

impl From<&Liked> for LikedJson {
    fn from(liked: &Liked) -> Self {
        Self {
            id: liked.id,
            likes: liked.likes,
            liked: liked.liked,
        }
    }
}

/// Returns the routes, for everyone with and without an account.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/entries/{slug}/updates/{id}/like",
            put(like).delete(unlike).post(submit_like),
        )
        .layer(Extension(BodyLimit(FORM_LIMIT)))
        .layer(Extension(GuestLimit(FORM_LIMIT)))
}

async fn like(
    State(state): State<AppState>,
    Path(update): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<impl IntoResponse, Problem> {
    let (cookie, liked) = set_like(&state, update, &visitor, true, key).await?;
    Ok((cookie, Json(LikedJson::from(&liked))))
}

async fn unlike(
    State(state): State<AppState>,
    Path(update): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
) -> Result<impl IntoResponse, Problem> {
    let (cookie, liked) = set_like(&state, update, &visitor, false, None).await?;
    Ok((cookie, Json(LikedJson::from(&liked))))
}

/// Sets or removes a like. A browser is redirected to the page that shows it.
async fn submit_like(
    State(state): State<AppState>,
    Path((slug, id)): Path<(String, String)>,
    RoomVisitor(visitor): RoomVisitor,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let invalid = |_| Error::Invalid(Invalid::new("liked", "liked must be true or false."));
    let liked = fields.get("liked").parse().map_err(invalid)?;
    let page = format!("/entries/{slug}/updates/{id}/like");
    let (cookie, liked) = set_like(&state, (slug, id), &visitor, liked, None).await?;
    if wants_page(&headers) {
        return Ok((cookie, Redirect::to(&page)).into_response());
    }
    Ok((cookie, Json(LikedJson::from(&liked))).into_response())
}

/// Sets or removes a like. Returns the cookie of a new voter, and the result.
async fn set_like(
    state: &AppState,
    (slug_text, id): (String, String),
    visitor: &Visitor,
    liked: bool,
    key: Option<OpId>,
) -> Result<(CookieJar, Liked), Problem> {
    let (slug, id): (Slug, UpdateId) = (slug(&slug_text)?, update_id(&id)?);
    state.likes.check(visitor)?;
    let newsroom = &state.newsroom;
    let liked = newsroom
        .set_like(Some(&slug), id, visitor, liked, key.as_ref())
        .await?;
    let cookies = guest_cookie::set(newsroom, liked.new_guest.as_ref(), &state.settings).await?;
    Ok((cookies, liked))
}
