//! The command line: parses the arguments, runs a command, and prints its errors.

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};
use domain::{EntryState, Order, Role, SessionId, TokenId};

use crate::{
    command_error::CommandError,
    commands,
    config::Settings,
    output::{print_error, print_line},
};

/// The exit code for an invalid setting or argument, which the operator can correct.
const EXIT_INVALID_INPUT: u8 = 2;
/// The exit code for every other failure.
const EXIT_FAILURE: u8 = 1;

/// How long rendering and hashing threads may still run after the command has ended.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// A self-hosted live blog.
///
/// Without a command, runs `ringside serve`. Every setting is a flag and an environment variable;
/// the flag takes precedence. Exit codes: 0 success, 1 failure, 2 invalid setting or argument.
#[derive(Debug, Parser)]
#[command(name = "ringside", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Manage the accounts of authors and readers.
    #[command(subcommand)]
    Account(AccountCommand),
    /// List and end login sessions.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Manage live blogs.
    #[command(subcommand)]
    Entry(EntryCommand),
    /// Manage rooms, in which readers chat.
    #[command(subcommand)]
    Room(RoomCommand),
    /// Repair the database while no server is running.
    #[command(subcommand)]
    Repair(RepairCommand),
    /// Re-render updates that were rendered by another release.
    ///
    /// Open pages of a running server show the updates that change. The command can be interrupted;
    /// the next run continues where it stopped.
    Rerender,
    /// Manage the tokens of API clients.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Create an account.
    Create(NewAccountArgs),
    /// List all accounts: name, role, enabled or disabled, time of creation.
    List,
    /// Change an account's password and end all of its sessions.
    Password(AccountPasswordArgs),
    /// Change an account's role.
    Role(AccountRoleArgs),
    /// Change an account's display name, and the name below its updates.
    Rename(RenameAccountArgs),
    /// Disable an account, end its sessions and revoke its tokens. Its updates stay.
    Disable(AccountNameArgs),
    /// Enable a disabled account. Its password is unchanged.
    Enable(AccountNameArgs),
    /// Create an invitation and print its link on the last line. It works once, for seven days.
    Invite(InviteArgs),
    /// Create a link to reset an account's password and print it on the last line. It works once,
    /// for one day.
    ResetLink(AccountNameArgs),
    /// Delete an account. Cannot be undone.
    ///
    /// Its updates stay. Its messages in rooms are anonymized or removed, as set at /desk/site.
    Delete(AccountNameArgs),
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// List the open sessions: id, account, time of login, time of the last request (to the hour).
    List(ListSessionsArgs),
    /// End one session, or all sessions of an account.
    End(EndSessionsArgs),
}

#[derive(Debug, Subcommand)]
enum EntryCommand {
    /// Create a live blog and print its URL. A running server shows it within a second.
    Create(NewEntryArgs),
}

#[derive(Debug, Subcommand)]
enum RoomCommand {
    /// Create a room and print its URL. A running server shows it within a second.
    Create(NewRoomArgs),
}

#[derive(Debug, Subcommand)]
enum RepairCommand {
    /// Renumber all revisions in a new epoch.
    ///
    /// Open pages then load everything once. Fails while a server is running.
    Revisions,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token and print it on the last line. It cannot be displayed again.
    Create(NewTokenArgs),
    /// List all tokens: id, account, time of creation, time of last use (to the hour), name.
    List,
    /// Revoke a token. It stops working at once.
    Revoke(RevokeTokenArgs),
}

/// The arguments of `account create`.
#[derive(Debug, clap::Args)]
pub struct NewAccountArgs {
    /// The username. Readers see it below the account's updates.
    #[arg(long)]
    pub name: String,
    /// owner, editor, author or reader.
    #[arg(long, default_value = "author")]
    pub role: Role,
    /// A file with the password on its first line.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
}

/// The arguments of `account password`.
#[derive(Debug, clap::Args)]
pub struct AccountPasswordArgs {
    /// The username of the account.
    #[arg(long)]
    pub name: String,
    /// A file with the new password on its first line.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
}

/// The arguments of `account role`.
#[derive(Debug, clap::Args)]
pub struct AccountRoleArgs {
    /// The username of the account.
    #[arg(long)]
    pub name: String,
    /// The new role: owner, editor, author or reader.
    #[arg(long)]
    pub role: Role,
}

/// The arguments of `account rename`.
#[derive(Debug, clap::Args)]
pub struct RenameAccountArgs {
    /// The username of the account.
    #[arg(long)]
    pub name: String,
    /// The new display name; empty for none.
    #[arg(long)]
    pub display_name: String,
}

/// The arguments of `account invite`.
#[derive(Debug, clap::Args)]
pub struct InviteArgs {
    /// The role of the new account: owner, editor, author or reader.
    #[arg(long, default_value = "author")]
    pub role: Role,
}

/// The arguments of the `account` commands about one account.
#[derive(Debug, clap::Args)]
pub struct AccountNameArgs {
    /// The username of the account.
    #[arg(long)]
    pub name: String,
}

/// The arguments of `session list`.
#[derive(Debug, clap::Args)]
pub struct ListSessionsArgs {
    /// List only the sessions of the account with this username.
    #[arg(long)]
    pub name: Option<String>,
}

/// The arguments of `session end`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct EndSessionsArgs {
    /// End all sessions of the account with this username.
    #[arg(long)]
    pub name: Option<String>,
    /// End the session with this id, as printed by `ringside session list`.
    #[arg(long)]
    pub id: Option<SessionId>,
}

/// The arguments of `entry create`.
#[derive(Debug, clap::Args)]
pub struct NewEntryArgs {
    /// The last part of its URL, for example election-night in /entries/election-night. Derived
    /// from the title by default.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub slug: String,
    /// The title.
    #[arg(long)]
    pub title: String,
    /// A short description of the event.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub summary: String,
    /// The IANA time zone in which times are displayed, for example Europe/Paris.
    #[arg(long, default_value = "UTC")]
    pub time_zone: String,
    /// The language of its texts: a BCP 47 tag such as ar or pt-BR. The site's language by default.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TAG"
    )]
    pub language: String,
    /// draft, upcoming, live or ended.
    #[arg(long, default_value = "draft")]
    pub state: EntryState,
    /// The updates that are displayed first: oldest or latest.
    #[arg(long, default_value = "oldest")]
    pub order: Order,
}

/// The arguments of `room create`.
#[derive(Debug, clap::Args)]
pub struct NewRoomArgs {
    /// The last part of its URL, for example lobby in /rooms/lobby: 1 to 64 of a-z, 0-9, hyphens
    /// and underscores. Names that begin with entry- are reserved.
    #[arg(long)]
    pub name: String,
    /// The title.
    #[arg(long)]
    pub title: String,
}

/// The arguments of `token create`.
#[derive(Debug, clap::Args)]
pub struct NewTokenArgs {
    /// The username of the account that the token acts as.
    #[arg(long)]
    pub account: String,
    /// A description of its use, for example "score ticker".
    #[arg(long, default_value = "", hide_default_value = true)]
    pub name: String,
}

/// The arguments of `token revoke`.
#[derive(Debug, clap::Args)]
pub struct RevokeTokenArgs {
    /// The id of the token, as printed by `ringside token list`.
    #[arg(long)]
    pub id: TokenId,
}

/// Runs the command in `args`, of which the first is the program's name. Prints one line to
/// standard error if the command fails.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            print_error(summary_of(&error));
            return ExitCode::from(EXIT_INVALID_INPUT);
        }
        Err(help) => {
            print_line(help.to_string().trim_end());
            return ExitCode::SUCCESS;
        }
    };
    restrict_new_files();
    // With a single worker, a task that blocks while a page is rendered could wait for itself.
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(dispatch(cli));
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
            outcome
        }
        Err(error) => Err(CommandError::Failed(format!(
            "The system could not start threads: {error}."
        ))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::from(match error {
                CommandError::InvalidInput(_) => EXIT_INVALID_INPUT,
                CommandError::Failed(_) => EXIT_FAILURE,
            })
        }
    }
}

/// Denies other users access to new files, which contain password hashes, drafts and deleted texts.
#[cfg(unix)]
fn restrict_new_files() {
    use rustix::{fs::Mode, process::umask};

    umask(Mode::RWXG | Mode::RWXO);
}

#[cfg(not(unix))]
const fn restrict_new_files() {}

async fn dispatch(cli: Cli) -> Result<(), CommandError> {
    let settings = cli.settings;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve(settings).await,
        Command::Account(AccountCommand::Create(args)) => {
            commands::create_account(&settings, &args).await
        }
        Command::Account(AccountCommand::List) => commands::list_accounts(&settings).await,
        Command::Account(AccountCommand::Password(args)) => {
            commands::set_password(&settings, &args).await
        }
        Command::Account(AccountCommand::Role(args)) => commands::set_role(&settings, &args).await,
        Command::Account(AccountCommand::Rename(args)) => {
            commands::rename_account(&settings, &args).await
        }
        Command::Account(AccountCommand::Disable(args)) => {
            commands::disable_account(&settings, &args).await
        }
        Command::Account(AccountCommand::Enable(args)) => {
            commands::enable_account(&settings, &args).await
        }
        Command::Account(AccountCommand::Invite(args)) => commands::invite(&settings, &args).await,
        Command::Account(AccountCommand::ResetLink(args)) => {
            commands::create_reset_link(&settings, &args).await
        }
        Command::Account(AccountCommand::Delete(args)) => {
            commands::delete_account(&settings, &args).await
        }
        Command::Session(SessionCommand::List(args)) => {
            commands::list_sessions(&settings, &args).await
        }
        Command::Session(SessionCommand::End(args)) => {
            commands::end_sessions(&settings, &args).await
        }
        Command::Entry(EntryCommand::Create(args)) => {
            commands::create_entry(&settings, &args).await
        }
        Command::Room(RoomCommand::Create(args)) => commands::create_room(&settings, &args).await,
        Command::Repair(RepairCommand::Revisions) => commands::repair_revisions(&settings).await,
        Command::Rerender => commands::rerender(&settings).await,
        Command::Token(TokenCommand::Create(args)) => {
            commands::create_token(&settings, &args).await
        }
        Command::Token(TokenCommand::List) => commands::list_tokens(&settings).await,
        Command::Token(TokenCommand::Revoke(args)) => {
            commands::revoke_token(&settings, &args).await
        }
    }
}

/// Returns the error in one line, without the usage.
fn summary_of(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the command is incomplete (add --help for its arguments)".to_owned();
    }
    let text = error.to_string();
    let lines: Vec<_> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let line = lines.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    format!("{line} (see ringside --help)")
}
