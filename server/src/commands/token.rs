//! The `ringside token` commands. They also take effect on a running server.

use domain::{TokenName, Username};
use newsroom::zone::rfc3339;

use crate::{
    cli::{NewTokenArgs, RevokeTokenArgs},
    command_error::CommandError,
    config::Settings,
    output::print_line,
    state::open_newsroom,
};

/// Creates a token and prints it on the last line.
///
/// # Errors
/// If the account does not exist or is disabled, or the name is invalid.
pub async fn create_token(settings: &Settings, args: &NewTokenArgs) -> Result<(), CommandError> {
    let account = Username::parse(&args.account).map_err(newsroom::Error::from)?;
    let name = TokenName::parse(&args.name).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let token = newsroom.create_token(&account, &name).await?;
    newsroom.close().await;
    print_line(format_args!(
        "Created a token that acts as {account}. Copy it now: it cannot be displayed again.\n{}",
        token.reveal()
    ));
    Ok(())
}

/// Prints one line per token.
///
/// # Errors
/// If the database fails.
pub async fn list_tokens(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let tokens = newsroom.tokens().await?;
    newsroom.close().await;
    for token in tokens {
        let (id, account, created) = (token.id, token.account, rfc3339(token.created_at));
        let used = token.last_used_at.map_or("never".to_owned(), rfc3339);
        let line = format!("{id:>4}  {account}  {created}  {used}  {}", token.name);
        print_line(line.trim_end());
    }
    Ok(())
}

/// Revokes a token.
///
/// # Errors
/// If the token does not exist.
pub async fn revoke_token(settings: &Settings, args: &RevokeTokenArgs) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    newsroom.revoke_token(args.id).await?;
    newsroom.close().await;
    print_line(format_args!("Revoked token {}.", args.id));
    Ok(())
}
