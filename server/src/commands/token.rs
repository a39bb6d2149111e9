//! `ringside token ...`.

use domain::{TokenName, Username};
use newsroom::zone::rfc3339;

use crate::{
    cli::{CommandError, NewTokenArgs, RevokedTokenArgs, say},
    config::Settings,
    state::open_newsroom,
};

/// Creates a token, and prints it alone on the last line.
///
/// # Errors
/// With one sentence for whoever typed the command.
pub async fn create_token(settings: &Settings, args: &NewTokenArgs) -> Result<(), CommandError> {
    let account = Username::parse(&args.account).map_err(newsroom::Error::from)?;
    let name = TokenName::parse(&args.name).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let token = newsroom.create_token(&account, &name).await?;
    newsroom.close().await;
    say(format_args!(
        "Created a token that acts as {account}. Keep it: it is shown only now.\n{}",
        token.reveal()
    ));
    Ok(())
}

/// Prints a line for each token.
///
/// # Errors
/// With one sentence for whoever typed the command.
pub async fn list_tokens(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let tokens = newsroom.tokens().await?;
    newsroom.close().await;
    for token in tokens {
        let (id, account, created) = (token.id, token.account, rfc3339(token.created_at));
        let used = token.last_used_at.map_or("never".to_owned(), rfc3339);
        let line = format!("{id:>4}  {account}  {created}  {used}  {}", token.name);
        say(line.trim_end());
    }
    Ok(())
}

/// Revokes a token, also for a server that runs.
///
/// # Errors
/// With one sentence for whoever typed the command.
pub async fn revoke_token(
    settings: &Settings,
    args: &RevokedTokenArgs,
) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    newsroom.revoke_token(args.id).await?;
    newsroom.close().await;
    say(format_args!("Revoked token {}.", args.id));
    Ok(())
}
