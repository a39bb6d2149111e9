//! The forms with which owners manage accounts, and editors invite people.

use std::sync::Arc;

use app::{NewLink, PageRequest};
use axum::{Router, extract::State, http::StatusCode, response::Response, routing::post};
use domain::{AccountId, Caller, InvitationId, Role};
use newsroom::{Error, OneTimeLink};

use super::handler::Desk;
use crate::{
    config::Settings,
    extract::{Path, fields::Fields},
    state::AppState,
};

/// The page of the forms.
const PAGE: &str = "/desk/accounts";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/desk/accounts/invitations", post(invite))
        .route("/desk/accounts/invitations/{id}/withdraw", post(withdraw))
        .route("/desk/accounts/{id}/role", post(change_role))
        .route("/desk/accounts/{id}/disable", post(disable))
        .route("/desk/accounts/{id}/enable", post(enable))
        .route("/desk/accounts/{id}/reset", post(create_reset_link))
}

async fn invite(State(settings): State<Arc<Settings>>, desk: Desk, fields: Fields) -> Response {
    let invited = async {
        let role: Role = fields.get("role").parse()?;
        let link = desk.newsroom.invite(Some(desk.caller()?), role).await?;
        let url = invitation_url(&settings, &link);
        Ok(NewLink::Invitation { url, role })
    };
    let invited = invited.await;
    respond_with_link(desk, invited, fields).await
}

async fn withdraw(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let withdrawn = async {
        let id: InvitationId = id.parse().map_err(|_| Error::NotFound("invitation"))?;
        let caller = desk.caller()?;
        desk.newsroom.withdraw_invitation(caller, id).await?;
        Ok(done("withdrawn"))
    };
    let withdrawn = withdrawn.await;
    desk.respond(withdrawn, PAGE, fields).await
}

async fn change_role(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let changed = async {
        let (caller, id) = managed(&desk, &id)?;
        let role = fields.get("role").parse()?;
        desk.newsroom.change_role(caller, id, role).await?;
        Ok(done("role"))
    };
    let changed = changed.await;
    desk.respond(changed, PAGE, fields).await
}

async fn disable(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let disabled = async {
        let (caller, id) = managed(&desk, &id)?;
        let name = desk.newsroom.managed_account(caller, id).await?;
        desk.newsroom.disable_account(&name).await?;
        Ok(done("disabled"))
    };
    let disabled = disabled.await;
    desk.respond(disabled, PAGE, fields).await
}

async fn enable(desk: Desk, Path(id): Path<String>, fields: Fields) -> Response {
    let enabled = async {
        let (caller, id) = managed(&desk, &id)?;
        let name = desk.newsroom.managed_account(caller, id).await?;
        desk.newsroom.enable_account(&name).await?;
        Ok(done("enabled"))
    };
    let enabled = enabled.await;
    desk.respond(enabled, PAGE, fields).await
}

async fn create_reset_link(
    State(settings): State<Arc<Settings>>,
    desk: Desk,
    Path(id): Path<String>,
    fields: Fields,
) -> Response {
    let created = async {
        let (caller, id) = managed(&desk, &id)?;
        let username = desk.newsroom.managed_account(caller, id).await?;
        let link = desk.newsroom.create_reset_link(&username).await?;
        let url = reset_url(&settings, &link);
        Ok(NewLink::Reset { url, username })
    };
    let created = created.await;
    respond_with_link(desk, created, fields).await
}

/// Returns the URL of an invitation.
pub fn invitation_url(settings: &Settings, link: &OneTimeLink) -> String {
    format!("{}/invite/{}", settings.public_url(), link.token.reveal())
}

/// Returns the URL of a link to reset a password.
pub fn reset_url(settings: &Settings, link: &OneTimeLink) -> String {
    format!("{}/reset/{}", settings.public_url(), link.token.reveal())
}

/// Returns the caller, and the id of the account in the path.
fn managed<'a>(desk: &'a Desk, id: &str) -> Result<(&'a Caller, AccountId), Error> {
    let id = id.parse().map_err(|_| Error::NotFound("account"))?;
    Ok((desk.caller()?, id))
}

fn done(what: &str) -> String {
    format!("{PAGE}?done={what}")
}

/// Renders the page with a new link, which can't be displayed again: it is in no URL and in no
/// database.
async fn respond_with_link(desk: Desk, link: Result<NewLink, Error>, fields: Fields) -> Response {
    match link {
        Ok(link) => {
            let request = PageRequest {
                new_link: Some(Arc::new(link)),
                ..desk.request
            };
            desk.pages.render_for(PAGE, request, StatusCode::OK).await
        }
        Err(error) => desk.respond(Err(error), PAGE, fields).await,
    }
}
