//! Logging in and out, and making the first owner.

use std::sync::Arc;

use app::Typed;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use axum_extra::extract::CookieJar;
use domain::{Password, Username};
use newsroom::{Error, Newsroom, Secret, Session};
use serde::Deserialize;

use super::{Fields, show_again};
use crate::{
    config::Settings,
    extract::Query,
    identity,
    problem::Problem,
    proxies::ClientAddress,
    security::local_path,
    state::{AppState, SetupToken},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/setup", post(set_up))
}

async fn log_in(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    fields: Fields,
) -> Response {
    if !state.logins.allows(client, fields.get("username")) {
        let typed = Typed {
            message: "Too many tries for this name. Wait a minute, and try again.".to_owned(),
            values: fields.into_values(),
            ..Typed::default()
        };
        let status = StatusCode::TOO_MANY_REQUESTS;
        return state
            .pages
            .render_again("/login", None, status, typed)
            .await;
    }
    let session = state
        .newsroom
        .log_in(fields.get("username"), fields.get("password"))
        .await;
    let next = local_path(fields.get("next")).unwrap_or("/desk").to_owned();
    enter(&state, jar, session, &next, "/login", fields).await
}

async fn log_out(
    State(newsroom): State<Arc<Newsroom>>,
    State(settings): State<Arc<Settings>>,
    jar: CookieJar,
) -> Result<Response, Problem> {
    if let Some(token) = identity::shown_session(&jar, &settings) {
        newsroom.log_out(&token).await?;
    }
    Ok((identity::end(jar, &settings), Redirect::to("/")).into_response())
}

async fn set_up(State(state): State<AppState>, jar: CookieJar, fields: Fields) -> Response {
    if let Err(refused) = may_set_up(&state, fields.get("token")).await {
        return refused;
    }
    let session = async {
        let username = Username::parse(fields.get("username"))?;
        let password = Password::parse(fields.get("password"))?;
        state.newsroom.set_up(&username, &password).await
    };
    let session = session.await;
    enter(&state, jar, session, "/desk", "/setup", fields).await
}

/// Lets in whoever has a session now; shows the others their form again.
async fn enter(
    state: &AppState,
    jar: CookieJar,
    session: Result<Session, Error>,
    next: &str,
    page: &str,
    fields: Fields,
) -> Response {
    match session {
        Ok(session) => {
            let jar = identity::begin(jar, &session, &state.settings);
            (jar, Redirect::to(next)).into_response()
        }
        Err(error) => show_again(&state.pages, &error, page, None, fields).await,
    }
}

#[derive(Debug, Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// Lets only those see the set-up page who have the token that the server printed.
pub async fn guard_set_up(
    State(state): State<AppState>,
    Query(token): Query<Token>,
    request: Request,
    next: Next,
) -> Response {
    match may_set_up(&state, &token.token).await {
        Ok(()) => next.run(request).await,
        Err(refused) => refused,
    }
}

async fn may_set_up(state: &AppState, token: &str) -> Result<(), Response> {
    match state.newsroom.needs_set_up().await {
        Ok(true) => {}
        Ok(false) => return Err(Redirect::to("/login").into_response()),
        Err(error) => return Err(Problem::from(error).into_response()),
    }
    let SetupToken(expected) = state.setup.as_ref();
    // Compared by hash: how much of a guess is right must not show in the time it takes.
    let fits = |expected: &Secret| expected.hash() == Secret::shown(token).hash();
    if expected.as_ref().is_some_and(fits) {
        return Ok(());
    }
    let sentence =
        "This set-up link is wrong or old. The server prints a fresh one each time it starts.";
    let problem = Problem::new(StatusCode::FORBIDDEN, sentence);
    Err(state.pages.render_problem(problem).await)
}
