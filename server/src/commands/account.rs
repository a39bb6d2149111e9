//! The `ringside account` commands. They also take effect on a running server.

use domain::{DisplayName, Password, Username};
use newsroom::zone::rfc3339;

use crate::{
    cli::{
        AccountNameArgs, AccountPasswordArgs, AccountRoleArgs, InviteArgs, NewAccountArgs,
        RenameAccountArgs,
    },
    command_error::CommandError,
    config::{Settings, read_first_line},
    output::print_line,
    routes::forms::{invitation_url, reset_url},
    state::open_newsroom,
};

/// Creates an account.
///
/// # Errors
/// If the username or the password is invalid, or the username is taken.
pub async fn create_account(
    settings: &Settings,
    args: &NewAccountArgs,
) -> Result<(), CommandError> {
    let username = username(&args.name)?;
    let password = read_first_line(&args.password_file)?;
    let password = Password::parse(&password).map_err(newsroom::Error::from)?;
    newsroom::reject_weak(&password, &username).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    newsroom
        .create_account(&username, args.role, &password)
        .await?;
    newsroom.close().await;
    print_line(format_args!("Created the {} {username}.", args.role));
    Ok(())
}

/// Prints one line per account.
///
/// # Errors
/// If the database fails.
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
        print_line(format_args!("{name}  {role}  {state}  {created}"));
    }
    Ok(())
}

/// Changes an account's password and ends its sessions.
///
/// # Errors
/// If the password is invalid, or no account has this username.
pub async fn set_password(
    settings: &Settings,
    args: &AccountPasswordArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let password = read_first_line(&args.password_file)?;
    let password = Password::parse(&password).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let ended = newsroom.set_password(&name, &password).await?;
    newsroom.close().await;
    print_line(format_args!(
        "Changed the password of {}; {} ended.",
        ended.username,
        count(ended.sessions, "session")
    ));
    Ok(())
}

/// Changes an account's role.
///
/// # Errors
/// If no account has this username, or it is the last enabled owner's.
pub async fn set_role(settings: &Settings, args: &AccountRoleArgs) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let name = newsroom.set_role(&name, args.role).await?;
    newsroom.close().await;
    print_line(format_args!("Changed the role of {name} to {}.", args.role));
    Ok(())
}

/// Changes an account's display name, and the names below its updates.
///
/// # Errors
/// If the name is invalid or that of another account, or no account has this username.
pub async fn rename_account(
    settings: &Settings,
    args: &RenameAccountArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let display_name =
        DisplayName::parse_optional(&args.display_name).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let renamed = async {
        let name = newsroom
            .rename_account(&name, display_name.as_ref())
            .await?;
        Ok::<_, CommandError>((name, newsroom.rename_authors().await?))
    };
    let renamed = renamed.await;
    newsroom.close().await;
    let (name, updates) = renamed?;
    let changed = count(updates.try_into().unwrap_or(u64::MAX), "update");
    print_line(match display_name {
        Some(display_name) => {
            format!("The display name of {name} is now {display_name}; {changed} changed.")
        }
        None => format!("{name} has no display name now; {changed} changed."),
    });
    Ok(())
}

/// Disables an account, ends its sessions and revokes its tokens.
///
/// # Errors
/// If no account has this username, or it is the last enabled owner's.
pub async fn disable_account(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let ended = newsroom.disable_account(&name).await?;
    newsroom.close().await;
    print_line(format_args!(
        "Disabled {}; {} and {} ended.",
        ended.username,
        count(ended.sessions, "session"),
        count(ended.tokens, "token")
    ));
    Ok(())
}

/// Enables a disabled account.
///
/// # Errors
/// If no account has this username.
pub async fn enable_account(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let name = newsroom.enable_account(&name).await?;
    newsroom.close().await;
    print_line(format_args!("Enabled {name}."));
    Ok(())
}

/// Creates an invitation and prints its link on the last line.
///
/// # Errors
/// If too many invitations are open.
pub async fn invite(settings: &Settings, args: &InviteArgs) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let link = newsroom.invite(None, args.role).await?;
    newsroom.close().await;
    let (role, expires) = (args.role, rfc3339(link.expires_at));
    print_line(format_args!(
        "Created an invitation with the role {role}. It works once, until {expires}. Copy it now: it cannot be displayed again.\n{}",
        invitation_url(settings, &link)
    ));
    Ok(())
}

/// Creates a link to reset an account's password and prints it on the last line.
///
/// # Errors
/// If no account has this username, or it is disabled.
pub async fn create_reset_link(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let link = newsroom.create_reset_link(&name).await?;
    newsroom.close().await;
    let expires = rfc3339(link.expires_at);
    print_line(format_args!(
        "Created a link to reset the password of {name}. It works once, until {expires}. Copy it now: it cannot be displayed again.\n{}",
        reset_url(settings, &link)
    ));
    Ok(())
}

/// Deletes an account, and clears its messages.
///
/// # Errors
/// If no account has this username, or it is the last enabled owner's.
pub async fn delete_account(
    settings: &Settings,
    args: &AccountNameArgs,
) -> Result<(), CommandError> {
    let name = username(&args.name)?;
    let newsroom = open_newsroom(settings).await?;
    let deleted = async {
        let name = newsroom.delete_account(&name).await?;
        newsroom.rename_authors().await?;
        Ok::<_, CommandError>((name, newsroom.clear_messages().await?))
    };
    let deleted = deleted.await;
    newsroom.close().await;
    let (name, messages) = deleted?;
    let cleared = count(messages, "message");
    print_line(format_args!("Deleted {name}; {cleared} cleared."));
    Ok(())
}

/// Parses a username argument.
///
/// # Errors
/// If it is not a valid username.
pub fn username(name: &str) -> Result<Username, CommandError> {
    Ok(Username::parse(name).map_err(newsroom::Error::from)?)
}

/// Formats a number with its noun, as in `1 session` and `2 sessions`.
pub fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}
