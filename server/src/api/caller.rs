//! Authenticates API requests by bearer token.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header::AUTHORIZATION, request::Parts},
};
use domain::Caller;
use newsroom::Secret;

use crate::{problem::Problem, state::AppState};

/// The account of the request's bearer token (RFC 6750). The error does not reveal whether the
/// token is missing, revoked or unknown.
#[derive(Debug)]
pub struct BearerCaller(pub Caller);

impl FromRequestParts<AppState> for BearerCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = parts.headers.get(AUTHORIZATION).and_then(bearer_token);
        let caller = match token {
            Some(token) => state.newsroom.token_caller(&token).await?,
            None => None,
        };
        caller.map(Self).ok_or_else(|| {
            let sentence = "This request needs a valid token, sent as \"Authorization: Bearer rs_...\". The server's operator creates one with \"ringside token create\".";
            Problem::new(StatusCode::UNAUTHORIZED, sentence)
        })
    }
}

fn bearer_token(header: &HeaderValue) -> Option<Secret> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then(|| Secret::from_presented(token.trim()))
}
