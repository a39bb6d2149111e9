//! Logging in and out, the first owner, and the page of one's own account.

use std::sync::Arc;

use app::{PageRequest, SubmittedForm, status_of};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use axum_extra::extract::CookieJar;
use domain::{Password, Username};
use newsroom::{Error, Newsroom, Secret, Session};
use serde::Deserialize;

use super::{Desk, Fields, render_form_again};
use crate::{
    config::Settings,
    extract::{Path, Query},
    identity,
    login_limits::LoginRefused,
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

/// The forms of the page of one's own account.
pub fn member_routes() -> Router<AppState> {
    Router::new()
        .route("/account/password", post(change_password))
        .route("/account/sessions/end-others", post(end_other_sessions))
        .route("/account/sessions/{id}/end", post(end_session))
}

async fn log_in(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    fields: Fields,
) -> Response {
    let username = fields.get("username");
    let login = match state.logins.begin(client, username).await {
        Ok(login) => login,
        Err(refused) => return login_again(&state, refused, fields).await,
    };
    // Another login in this browser ends the session that it has until now.
    let shown = identity::shown_session(&jar, &state.settings);
    let session = state
        .newsroom
        .log_in_instead(username, fields.get("password"), shown.as_ref())
        .await;
    match &session {
        Ok(_) => login.succeeded(),
        Err(Error::WrongPassword) => drop(login),
        Err(Error::Busy) => {
            login.was_not_verified();
            return login_again(&state, LoginRefused::Busy, fields).await;
        }
        Err(_) => login.was_not_verified(),
    }
    let next = local_path(fields.get("next")).unwrap_or("/desk").to_owned();
    enter(&state, jar, session, &next, "/login", fields).await
}

/// The login page again, for a try that was not verified.
async fn login_again(state: &AppState, refused: LoginRefused, fields: Fields) -> Response {
    let (status, message) = refusal(refused);
    let typed = SubmittedForm {
        message: message.to_owned(),
        values: fields.into_values(),
        ..SubmittedForm::default()
    };
    let page = state
        .pages
        .render_with_errors("/login", None, status, typed)
        .await;
    if page.status() == status {
        retry_after(refused, page)
    } else {
        // So many are refused that no slot for rendering is free: the answer is the same, without the page.
        retry_after(refused, Problem::new(status, message).into_response())
    }
}

/// The status and the sentence for a try that a limit refuses.
const fn refusal(refused: LoginRefused) -> (StatusCode, &'static str) {
    match refused {
        LoginRefused::Name(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries for this name. Wait a minute, and try again.",
        ),
        LoginRefused::Address(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many failed logins from your network. Wait a minute, and try again.",
        ),
        LoginRefused::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many people are logging in at the moment. Try again in a few seconds.",
        ),
    }
}

fn retry_after(refused: LoginRefused, page: Response) -> Response {
    ([(RETRY_AFTER, refused.retry_after().to_string())], page).into_response()
}

/// Changes the caller's password. All of their sessions end; the browser gets a new one.
async fn change_password(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    desk: Desk,
    fields: Fields,
) -> Response {
    let caller = match desk.caller() {
        Ok(caller) => caller.clone(),
        Err(error) => return account_again(desk, &error).await,
    };
    // Whoever finds an open session must not be able to guess the password without limit.
    let login = match state.logins.begin(client, caller.username.as_str()).await {
        Ok(login) => login,
        Err(refused) => {
            let (status, message) = refusal(refused);
            let typed = SubmittedForm {
                message: message.to_owned(),
                ..SubmittedForm::default()
            };
            return retry_after(refused, account_page(desk, typed, status).await);
        }
    };
    let changed = async {
        let password = Password::parse(fields.get("password"))?;
        let current = fields.get("current_password");
        desk.newsroom
            .change_password(&caller, current, &password)
            .await
    };
    match changed.await {
        Ok(session) => {
            login.succeeded();
            let jar = identity::begin(jar, &session, &state.settings);
            (jar, Redirect::to("/account?done=password")).into_response()
        }
        Err(error) => {
            let is_wrong =
                matches!(&error, Error::Invalid(invalid) if invalid.field == "current_password");
            if !is_wrong {
                login.was_not_verified();
            }
            account_again(desk, &error).await
        }
    }
}

async fn end_session(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound("session"))?;
    desk.newsroom.end_own_session(desk.caller()?, id).await?;
    Ok(Redirect::to("/account?done=session").into_response())
}

async fn end_other_sessions(desk: Desk) -> Result<Response, Problem> {
    let kept = desk.request.session.ok_or(Error::Unauthenticated)?;
    desk.newsroom
        .end_other_sessions(desk.caller()?, kept)
        .await?;
    Ok(Redirect::to("/account?done=sessions").into_response())
}

/// The account's page again, with an error message. Its fields hold passwords, so none is sent back.
async fn account_again(desk: Desk, error: &Error) -> Response {
    let typed = SubmittedForm {
        message: error.to_string(),
        field: match error {
            Error::Invalid(invalid) => Some(invalid.field),
            _ => None,
        },
        ..SubmittedForm::default()
    };
    let status = status_of(error);
    account_page(desk, typed, status).await
}

async fn account_page(desk: Desk, typed: SubmittedForm, status: StatusCode) -> Response {
    let request = PageRequest {
        submitted: Some(Arc::new(typed)),
        ..desk.request
    };
    desk.pages.render_for("/account", request, status).await
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
    if session.is_ok()
        && let Some(shown) = identity::shown_session(&jar, &state.settings)
        && let Err(error) = state.newsroom.log_out(&shown).await
    {
        // The owner exists and is logged in; the session of before ends by itself in the end.
        tracing::warn!(%error, "the session that this browser had before could not be ended");
    }
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
        Err(error) => render_form_again(&state.pages, &error, page, None, fields).await,
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
