//! Likes over a WebSocket connection: `{"like": 41}` and `{"unlike": 41}`.
//!
//! The response is `{"event": "liked", "id", "likes", "liked"}`, or `{"event": "like-refused",
//! "id", "reason"}`. A connection can't set a cookie, so a client without one is refused.

use std::net::IpAddr;

use axum::{body::Bytes, http::StatusCode};
use axum_extra::extract::CookieJar;
use domain::UpdateId;
use newsroom::{Error, Visitor};
use serde_json::json;

use crate::{problem::Problem, security::identity::look_up, state::AppState};

/// Who opened a connection, by the cookies of its request.
pub struct Voter {
    state: AppState,
    jar: CookieJar,
    address: IpAddr,
}

impl Voter {
    /// Returns the voter with these cookies.
    pub const fn new(state: AppState, jar: CookieJar, address: IpAddr) -> Self {
        Self {
            state,
            jar,
            address,
        }
    }

    /// Sets or removes a like, and returns the response.
    pub async fn set_like(&self, id: UpdateId, liked: bool) -> Bytes {
        match self.try_set_like(id, liked).await {
            Ok(count) => {
                message(&json!({ "event": "liked", "id": id, "likes": count, "liked": liked }))
            }
            Err(reason) => refusal(id, reason),
        }
    }

    /// Sets or removes a like. Returns the number of the update's likes, or why it is refused.
    async fn try_set_like(&self, id: UpdateId, liked: bool) -> Result<i64, &'static str> {
        let visitor = self
            .visitor()
            .await
            .map_err(|error| reason(&error.into()))?;
        if visitor.caller.is_none() && visitor.guest.is_none() {
            return Err(NO_VOTER);
        }
        self.state
            .likes
            .check(&visitor)
            .map_err(|problem| reason(&problem))?;
        let newsroom = &self.state.newsroom;
        let liked = newsroom.set_like(None, id, &visitor, liked, None).await;
        Ok(liked.map_err(|error| reason(&error.into()))?.likes)
    }

    /// Returns who sends a like. Looked up each time, because a session may end.
    async fn visitor(&self) -> Result<Visitor, Error> {
        let AppState {
            newsroom, settings, ..
        } = &self.state;
        let (session, guest) = look_up(newsroom, settings, &self.jar).await?;
        Ok(Visitor {
            caller: session.map(|session| session.caller),
            guest,
            address: self.address,
        })
    }
}

/// The reason for a client without a voter's cookie.
const NO_VOTER: &str = "no-voter";

/// Returns the response to a client that sent no cookies.
pub fn no_voter(id: UpdateId) -> Bytes {
    refusal(id, NO_VOTER)
}

fn refusal(id: UpdateId, reason: &str) -> Bytes {
    message(&json!({ "event": "like-refused", "id": id, "reason": reason }))
}

fn message(json: &serde_json::Value) -> Bytes {
    json.to_string().into()
}

/// Returns why a like is refused, as one word.
fn reason(problem: &Problem) -> &'static str {
    match problem.status() {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::TOO_MANY_REQUESTS => "too-many",
        _ => "unavailable",
    }
}
