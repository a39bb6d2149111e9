//! `ringside account create`.

use domain::{Password, Username};

use crate::{
    cli::{CommandError, NewAccountArgs, say},
    config::{Settings, first_line_of},
    state::open_newsroom,
};

/// Creates an account.
///
/// # Errors
/// With one sentence for whoever typed the command.
pub async fn create_account(
    settings: &Settings,
    args: &NewAccountArgs,
) -> Result<(), CommandError> {
    let username = Username::parse(&args.name).map_err(newsroom::Error::from)?;
    let password = first_line_of(&args.password_file)?;
    let password = Password::parse(&password).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    newsroom
        .create_account(&username, args.role, &password)
        .await?;
    newsroom.close().await;
    say(format_args!("Created the {} {username}.", args.role));
    Ok(())
}
