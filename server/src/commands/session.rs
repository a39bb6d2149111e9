//! `ringside session ...`.

use newsroom::zone::rfc3339;

use super::account::{count, username};
use crate::{
    cli::{CommandError, EndedSessionsArgs, ListedSessionsArgs, say},
    config::Settings,
    state::open_newsroom,
};

/// Prints a line for each open session.
///
/// # Errors
/// With one sentence for the operator.
pub async fn list_sessions(
    settings: &Settings,
    args: &ListedSessionsArgs,
) -> Result<(), CommandError> {
    let name = args.name.as_deref().map(username).transpose()?;
    let newsroom = open_newsroom(settings).await?;
    let sessions = newsroom.sessions(name.as_ref()).await?;
    newsroom.close().await;
    for session in sessions {
        let (created, seen) = (rfc3339(session.created_at), rfc3339(session.last_seen_at));
        say(format_args!(
            "{:>4}  {}  {created}  {seen}",
            session.id, session.account
        ));
    }
    Ok(())
}

/// Ends one session, or all of an account, also for a running server.
///
/// # Errors
/// With one sentence for the operator.
pub async fn end_sessions(
    settings: &Settings,
    args: &EndedSessionsArgs,
) -> Result<(), CommandError> {
    let name = args.name.as_deref().map(username).transpose()?;
    let newsroom = open_newsroom(settings).await?;
    // The command line takes exactly one of the two.
    if let Some(id) = args.id {
        newsroom.end_session(id).await?;
        say(format_args!("Ended session {id}."));
    }
    if let Some(name) = name {
        let ended = newsroom.end_sessions_of(&name).await?;
        say(format_args!("Ended {} of {name}.", count(ended, "session")));
    }
    newsroom.close().await;
    Ok(())
}
