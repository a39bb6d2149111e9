//! The forms with which people create their accounts, and choose a new password with a link.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use axum_extra::extract::CookieJar;
use domain::Password;
use newsroom::Secret;

use super::{
    accounts::{begin, new_account},
    handler::rerender_with_error,
};
use crate::{
    extract::{Path, client_address::ClientAddress, fields::Fields},
    state::AppState,
};

/// The page of open sign-up.
const SIGN_UP: &str = "/sign-up";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(SIGN_UP, post(sign_up))
        .route("/invite/{token}", post(accept_invitation))
        .route("/reset/{token}", post(reset_password))
}

async fn sign_up(
    State(state): State<AppState>,
    ClientAddress(client): ClientAddress,
    jar: CookieJar,
    fields: Fields,
) -> Response {
    let parsed = async {
        let new = new_account(&fields)?;
        // Nothing is counted on a site without open sign-up.
        state.newsroom.check_open_sign_up().await?;
        Ok(new)
    };
    let (username, password) = match parsed.await {
        Ok(new) => new,
        Err(error) => return rerender_with_error(&state.pages, error, SIGN_UP, fields).await,
    };
    if let Err(refused) = state.sign_ups.check(client) {
        return refused.into_response();
    }
    let session = state.newsroom.sign_up(&username, &password).await;
    begin(&state, jar, session, SIGN_UP, fields).await
}

async fn accept_invitation(
    State(state): State<AppState>,
    Path(token): Path<String>,
    jar: CookieJar,
    fields: Fields,
) -> Response {
    let token = Secret::from_presented(&token);
    let session = async {
        let (username, password) = new_account(&fields)?;
        let newsroom = &state.newsroom;
        newsroom
            .accept_invitation(&token, &username, &password)
            .await
    };
    let session = session.await;
    let page = format!("/invite/{}", token.reveal());
    begin(&state, jar, session, &page, fields).await
}

async fn reset_password(
    State(state): State<AppState>,
    Path(token): Path<String>,
    jar: CookieJar,
    fields: Fields,
) -> Response {
    let token = Secret::from_presented(&token);
    let session = async {
        let password = Password::parse(fields.get("password"))?;
        state.newsroom.reset_password(&token, &password).await
    };
    let session = session.await;
    let page = format!("/reset/{}", token.reveal());
    begin(&state, jar, session, &page, fields).await
}
