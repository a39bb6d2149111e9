//! The `ringside session` commands. They also take effect on a running server.

use newsroom::zone::rfc3339;

use super::account::{count, username};
use crate::{
    cli::{EndSessionsArgs, ListSessionsArgs},
    command_error::CommandError,
    config::Settings,
    output::print_line,
    state::open_newsroom,
};

/// Prints one line per open session.
///
/// # Errors
/// If no account has this username.
pub async fn list_sessions(
    settings: &Settings,
    args: &ListSessionsArgs,
) -> Result<(), CommandError> {
    let name = args.name.as_deref().map(username).transpose()?;
    let newsroom = open_newsroom(settings).await?;
    let sessions = newsroom.sessions(name.as_ref()).await?;
    newsroom.close().await;
    for session in sessions {
        let (created, seen) = (rfc3339(session.created_at), rfc3339(session.last_seen_at));
        print_line(format_args!(
            "{:>4}  {}  {created}  {seen}",
            session.id, session.account
        ));
    }
    Ok(())
}

/// Ends one session, or all sessions of an account.
///
/// # Errors
/// If the session or the account does not exist.
pub async fn end_sessions(settings: &Settings, args: &EndSessionsArgs) -> Result<(), CommandError> {
    let name = args.name.as_deref().map(username).transpose()?;
    let newsroom = open_newsroom(settings).await?;
    // The parser accepts exactly one of the two.
    if let Some(id) = args.id {
        newsroom.end_session(id).await?;
        print_line(format_args!("Ended session {id}."));
    }
    if let Some(name) = name {
        let ended = newsroom.end_sessions_of(&name).await?;
        print_line(format_args!("Ended {} of {name}.", count(ended, "session")));
    }
    newsroom.close().await;
    Ok(())
}
