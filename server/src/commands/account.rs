//! `ringside account ...`.

use domain::{Password, Username};
use newsroom::zone::rfc3339;

use crate::{
    cli::{
        AccountNameArgs, AccountPasswordArgs, AccountRoleArgs, CommandError, NewAccountArgs, say,
    },
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
    let username = username(&args.name)?;
    let password = first_line_of(&args.password_file)?;
    let password = Password::parse(&password).map_err(newsroom::Error::from)?;
    newsroom::reject_weak(&password, &username).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    newsroom
        .create_account(&username, args.role, &password)
        .await?;
    newsroom.close().await;
    say(format_args!("Created the {} {username}.", args.role));
    Ok(())
}

/// Prints a line for each account.
///
/// # Errors
/// With one sentence for the operator.
pub async fn list_accounts(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let accounts = newsroom.accounts().await?;
    newsroom.close().await;
    for account in accounts {
        let state = match account.disabled_at {
            Some(_) => "disabled",
            None => "enabled",
        };
        let (name, role) = (account.caller.username, account.caller.role);
        let created = rfc3339(account.created_at);
        say(format_args!("{name}  {role}  {state}  {created}"));
    }
    Ok(())
}

/// Replaces the password of an account, also for a running server.
///
/// # Errors
/// With one sentence for the operator.
pub async fn set_password(
    settings: &Settings,
    args: &AccountPasswordArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let password = first_line_of(&args.password_file)?;
    let password = Password::parse(&password).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let ended = newsroom.set_password(&name, &password).await?;
    newsroom.close().await;
    say(format_args!(
        "Changed the password of {}; {} ended.",
        ended.username,
        count(ended.sessions, "session")
    ));
    Ok(())
}

/// Gives an account another role, also for a running server.
///
/// # Errors
/// With one sentence for the operator.
pub async fn set_role(settings: &Settings, args: &AccountRoleArgs) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let name = newsroom.set_role(&name, args.role).await?;
    newsroom.close().await;
    say(format_args!("Changed the role of {name} to {}.", args.role));
    Ok(())
}

/// Disables an account, also for a running server.
///
/// # Errors
/// With one sentence for the operator.
pub async fn disable_account(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let ended = newsroom.disable_account(&name).await?;
    newsroom.close().await;
    say(format_args!(
        "Disabled {}; {} and {} ended.",
        ended.username,
        count(ended.sessions, "session"),
        count(ended.tokens, "token")
    ));
    Ok(())
}

/// Enables an account that was disabled, also for a running server.
///
/// # Errors
/// With one sentence for the operator.
pub async fn enable_account(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let name = newsroom.enable_account(&name).await?;
    newsroom.close().await;
    say(format_args!("Enabled {name}."));
    Ok(())
}

/// The name of an account that was given as an argument.
///
/// # Errors
/// If no account can have it.
pub fn username(name: &str) -> Result<Username, CommandError> {
    Ok(Username::parse(name).map_err(newsroom::Error::from)?)
}

/// As in `1 session` and `2 sessions`.
pub fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}
