//! Which account a program acts as.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header::AUTHORIZATION, request::Parts},
};
use domain::Caller;
use newsroom::Secret;

use crate::{problem::Problem, state::AppState};

/// The account that the request's bearer token (RFC 6750) acts as. Without a token, with one that was
/// revoked and with one that never was, the refusal is the same.
#[derive(Debug)]
pub struct BearerCaller(pub Caller);

impl FromRequestParts<AppState> for BearerCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = parts.headers.get(AUTHORIZATION).and_then(bearer_token);
        let holder = match token {
            Some(token) => state.newsroom.token_caller(&token).await?,
            None => None,
        };
        holder.map(Self).ok_or_else(|| {
            let sentence = "This needs a valid token, sent as \"Authorization: Bearer rs_...\". Whoever runs the server makes one with \"ringside token create\".";
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
