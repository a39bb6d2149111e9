//! Authenticates API requests by bearer token.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use axum_extra::headers::{Authorization, HeaderMapExt, authorization::Bearer};
use domain::Caller;
use newsroom::{Newsroom, Secret};

use crate::{config::Settings, problem::Problem, state::AppState};

/// The state of a handler, and its caller. Rejects requests without a valid token.
#[derive(FromRequestParts)]
#[from_request(state(AppState))]
pub struct Api {
    caller: BearerCaller,
    /// The engine.
    #[from_request(via(State))]
    pub newsroom: Arc<Newsroom>,
    #[from_request(via(State))]
    settings: Arc<Settings>,
}

impl Api {
    /// Returns the account of the request.
    pub const fn caller(&self) -> &Caller {
        &self.caller.0
    }

    /// Returns the URL of a page, as readers open it.
    pub fn url(&self, path: std::fmt::Arguments<'_>) -> String {
        format!("{}{path}", self.settings.public_url())
    }
}

/// The account of the request's bearer token (RFC 6750). The error does not reveal whether the
/// token is missing, revoked or unknown.
#[derive(Debug)]
pub struct BearerCaller(pub Caller);

impl FromRequestParts<AppState> for BearerCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = match parts.headers.typed_get::<Authorization<Bearer>>() {
            Some(bearer) => {
                let token = Secret::from_presented(bearer.token().trim_end());
                state.newsroom.token_caller(&token).await?
            }
            None => None,
        };
        caller.map(Self).ok_or_else(|| {
            let sentence = "This request needs a valid token, sent as \"Authorization: Bearer rs_...\". The server's operator creates one with \"ringside token create\".";
            Problem::new(StatusCode::UNAUTHORIZED, sentence)
        })
    }
}
