//! The forms for logging in and out, for creating the first owner, and of the account page.

use std::{collections::HashMap, sync::Arc};

use app::{PageRequest, SubmittedForm};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use axum_extra::extract::CookieJar;
use domain::{DisplayName, Password, Role, Username};
use newsroom::{Error, Newsroom, Session};
use serde::Deserialize;

use super::handler::{Desk, rejected_form, rerender_with_error};
use crate::{
    config::Settings,
    extract::{Path, Query, client_address::ClientAddress, fields::Fields},
    problem::Problem,
    security::{
        guards::home_of, local_path::local_path, login_limits::LoginRefused, session_cookie,
    },
    state::AppState,
};

/// The page of one's own account.
const ACCOUNT: &str = "/account";

/// Returns the routes for callers that are not logged in, and of the logout.
pub fn guest_routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/setup", post(set_up))
}

/// Returns the routes of the account page's forms.
pub fn member_routes() -> Router<AppState> {
    Router::new()
        .route("/account/name", post(set_display_name))
        .route("/account/password", post(change_password))
        .route("/account/delete", post(delete_account))
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
        Err(refused) => return rerender_login(&state, refused, fields).await,
    };
    // A login ends the session that this browser had before.
    let previous = session_cookie::session_token(&jar, &state.settings);
    let session = state
        .newsroom
        .log_in_replacing(username, fields.get("password"), previous.as_ref())
        .await;
    match &session {
        Ok(_) => login.succeeded(),
        Err(Error::WrongPassword) => drop(login),
        Err(Error::Busy) => {
            login.was_not_verified();
            return rerender_login(&state, LoginRefused::Busy, fields).await;
        }
        Err(_) => login.was_not_verified(),
    }
    let home = session
        .as_ref()
        .map_or("", |session| home_of(session.caller.role));
    let next = local_path(fields.get("next")).unwrap_or(home).to_owned();
    finish_login(&state, jar, session, &next, "/login", fields).await
}

/// Renders the login page again for an attempt that a limit refused.
async fn rerender_login(state: &AppState, refused: LoginRefused, fields: Fields) -> Response {
    let (status, message) = refusal(refused);
    let form = SubmittedForm {
        message: message.to_owned(),
        values: fields.values().clone(),
        ..SubmittedForm::default()
    };
    let page = state
        .pages
        .render_with_errors("/login", None, status, form)
        .await;
    if page.status() == status {
        retry_after(refused, page)
    } else {
        // No rendering slot was free. The response is the same, without the page.
        retry_after(refused, Problem::new(status, message).into_response())
    }
}

/// Returns the status and the message for an attempt that a limit refused.
const fn refusal(refused: LoginRefused) -> (StatusCode, &'static str) {
    match refused {
        LoginRefused::Name(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many failed logins with this username. Wait a minute and try again.",
        ),
        LoginRefused::Address(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many failed logins from your network. Wait a minute and try again.",
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

/// Sets the caller's display name; removes it if the field is empty.
async fn set_display_name(desk: Desk, fields: Fields) -> Response {
    let changed = async {
        let name = DisplayName::parse_optional(fields.get("display_name"))?;
        let caller = desk.caller()?;
        desk.newsroom
            .set_display_name(caller, name.as_ref())
            .await?;
        Ok("/account?done=name".to_owned())
    };
    let changed = changed.await;
    desk.respond(changed, "/account", fields).await
}

/// Changes the caller's password. Ends all of the account's sessions, and starts a new one for this
/// browser.
async fn change_password(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    desk: Desk,
    fields: Fields,
) -> Response {
    let caller = match desk.caller() {
        Ok(caller) => caller.clone(),
        Err(error) => return rerender(desk, ACCOUNT, error).await,
    };
    // Somebody who finds a logged-in browser must not be able to guess the password without limit.
    let login = match state.logins.begin(client, caller.username.as_str()).await {
        Ok(login) => login,
        Err(refused) => return rerender_refused(desk, ACCOUNT, refused).await,
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
            let jar = session_cookie::add_session(jar, &session, &state.settings);
            (jar, Redirect::to("/account?done=password")).into_response()
        }
        Err(error) => {
            if !is_wrong_password(&error) {
                login.was_not_verified();
            }
            rerender(desk, ACCOUNT, error).await
        }
    }
}

/// Deletes the caller's account, and logs the browser out.
async fn delete_account(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    desk: Desk,
    fields: Fields,
) -> Response {
    const PAGE: &str = "/account/delete";
    let caller = match desk.caller() {
        Ok(caller) => caller.clone(),
        Err(error) => return rerender(desk, PAGE, error).await,
    };
    let login = match state.logins.begin(client, caller.username.as_str()).await {
        Ok(login) => login,
        Err(refused) => return rerender_refused(desk, PAGE, refused).await,
    };
    let current = fields.get("current_password");
    match desk.newsroom.delete_own_account(&caller, current).await {
        Ok(()) => {
            login.succeeded();
            let jar = session_cookie::remove_session(jar, &state.settings);
            (jar, Redirect::to("/login?done=deleted")).into_response()
        }
        Err(error) => {
            if !is_wrong_password(&error) {
                login.was_not_verified();
            }
            rerender(desk, PAGE, error).await
        }
    }
}

async fn end_session(desk: Desk, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id.parse().map_err(|_| Error::NotFound("session"))?;
    desk.newsroom.end_own_session(desk.caller()?, id).await?;
    Ok(Redirect::to("/account?done=session").into_response())
}

async fn end_other_sessions(desk: Desk) -> Result<Response, Problem> {
    let current = desk.request.session.ok_or(Error::Unauthenticated)?;
    desk.newsroom
        .end_other_sessions(desk.caller()?, current)
        .await?;
    Ok(Redirect::to("/account?done=sessions").into_response())
}

fn is_wrong_password(error: &Error) -> bool {
    matches!(error, Error::Invalid(invalid) if invalid.field == "current_password")
}

/// Renders the form's page at `page` again, with an error message. The fields contain passwords, so
/// their values are not sent back.
async fn rerender(desk: Desk, page: &str, error: Error) -> Response {
    let (status, form) = rejected_form(error, HashMap::new());
    rerender_with(desk, page, form, status).await
}

/// Renders the form's page at `page` again, for an attempt that a limit refused.
async fn rerender_refused(desk: Desk, page: &str, refused: LoginRefused) -> Response {
    let (status, message) = refusal(refused);
    let form = SubmittedForm {
        message: message.to_owned(),
        ..SubmittedForm::default()
    };
    retry_after(refused, rerender_with(desk, page, form, status).await)
}

async fn rerender_with(
    desk: Desk,
    page: &str,
    form: SubmittedForm,
    status: StatusCode,
) -> Response {
    let request = PageRequest {
        submitted: Some(Arc::new(form)),
        ..desk.request
    };
    desk.pages.render_for(page, request, status).await
}

async fn log_out(
    State(newsroom): State<Arc<Newsroom>>,
    State(settings): State<Arc<Settings>>,
    jar: CookieJar,
) -> Result<Response, Problem> {
    if let Some(token) = session_cookie::session_token(&jar, &settings) {
        newsroom.log_out(&token).await?;
    }
    Ok((
        session_cookie::remove_session(jar, &settings),
        Redirect::to("/"),
    )
        .into_response())
}

async fn set_up(State(state): State<AppState>, jar: CookieJar, fields: Fields) -> Response {
    if let Err(response) = check_setup_token(&state, fields.get("token")).await {
        return response;
    }
    let session = async {
        let (username, password) = new_account(&fields)?;
        state.newsroom.set_up(&username, &password).await
    };
    let session = session.await;
    begin(&state, jar, session, "/setup", fields).await
}

/// Parses the fields of a form for a new account.
pub(super) fn new_account(fields: &Fields) -> Result<(Username, Password), Error> {
    let username = Username::parse(fields.get("username"))?;
    Ok((username, Password::parse(fields.get("password"))?))
}

/// Logs the browser in to the account of the new session, in place of the one that it had before;
/// or renders the form's page at `page` again, with the error message.
pub(super) async fn begin(
    state: &AppState,
    jar: CookieJar,
    session: Result<Session, Error>,
    page: &str,
    fields: Fields,
) -> Response {
    let next = match &session {
        Ok(session) => {
            end_previous_session(state, &jar).await;
            first_page_of(session.caller.role)
        }
        Err(_) => String::new(),
    };
    finish_login(state, jar, session, &next, page, fields).await
}

/// Returns the page that the browser opens. That of the account welcomes the person.
fn first_page_of(role: Role) -> String {
    let home = home_of(role);
    if role.may_post() {
        home.to_owned()
    } else {
        format!("{home}?done=welcome")
    }
}

/// Ends the session that the browser had before a new one, if there is one.
async fn end_previous_session(state: &AppState, jar: &CookieJar) {
    if let Some(previous) = session_cookie::session_token(jar, &state.settings)
        && let Err(error) = state.newsroom.log_out(&previous).await
    {
        // Not an error for the person, who is logged in. The previous session expires later.
        tracing::warn!(%error, "the browser's previous session could not be ended");
    }
}

/// Sets the cookies of the new session and redirects to `next`; or renders the form's page at
/// `page` again, with the error message.
async fn finish_login(
    state: &AppState,
    jar: CookieJar,
    session: Result<Session, Error>,
    next: &str,
    page: &str,
    fields: Fields,
) -> Response {
    match session {
        Ok(session) => {
            let jar = session_cookie::add_session(jar, &session, &state.settings);
            (jar, Redirect::to(next)).into_response()
        }
        Err(error) => rerender_with_error(&state.pages, error, page, fields).await,
    }
}

/// The query of the set-up page.
#[derive(Debug, Deserialize)]
pub struct SetupQuery {
    #[serde(default)]
    token: String,
}

/// Responds with the set-up page only if the query contains the token that the server printed.
pub async fn guard_set_up(
    State(state): State<AppState>,
    Query(query): Query<SetupQuery>,
    request: Request,
    next: Next,
) -> Response {
    match check_setup_token(&state, &query.token).await {
        Ok(()) => next.run(request).await,
        Err(response) => response,
    }
}

/// Checks the set-up token. The error is the response for a caller without a valid one.
async fn check_setup_token(state: &AppState, token: &str) -> Result<(), Response> {
    match state.newsroom.needs_set_up().await {
        Ok(true) => {}
        Ok(false) => return Err(Redirect::to("/login").into_response()),
        Err(error) => return Err(Problem::from(error).into_response()),
    }
    if state.setup.accepts(token) {
        return Ok(());
    }
    let sentence =
        "This set-up link is invalid or expired. The server prints a new one each time it starts.";
    let problem = Problem::new(StatusCode::FORBIDDEN, sentence);
    Err(state.pages.render_problem(problem).await)
}
