//! The command line: what can be asked of the binary, and how it says that something is wrong.

use std::{
    ffi::OsString,
    fmt,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};
use domain::{EntryState, Order, Role, SessionId, TokenId};

use crate::{commands, config::Settings};

/// Exit code for what whoever runs the command can put right: a setting, an argument.
const WRONG_SETTING: u8 = 2;
/// Exit code for everything else.
const FAILED: u8 = 1;

/// How long threads that render or hash may take once everything else has ended.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// A live blog that you host yourself.
///
/// Without a command, `ringside serve`. Every setting is a flag and an environment variable alike;
/// a flag wins. Exit codes: 0 done, 1 it failed, 2 a setting or an argument is wrong.
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
    /// Serve the live blogs (the default).
    Serve,
    /// Manage the accounts of authors and readers.
    #[command(subcommand)]
    Account(AccountCommand),
    /// List and end sessions: logins in browsers.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Manage entries: the live blogs themselves.
    #[command(subcommand)]
    Entry(EntryCommand),
    /// Repair a database that no server uses.
    #[command(subcommand)]
    Repair(RepairCommand),
    /// Render the updates anew that another release rendered. Readers of a running server see those that
    /// change. It can be stopped and run again: it goes on where it was.
    Rerender,
    /// Manage tokens: what programs show to post, instead of logging in.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Create an account.
    Create(NewAccountArgs),
    /// List the accounts: name, role, enabled or disabled, time of creation.
    List,
    /// Change the password of an account. All of its sessions end.
    Password(AccountPasswordArgs),
    /// Change the role of an account.
    Role(AccountRoleArgs),
    /// Disable an account: it can't log in, its sessions end, and its tokens are revoked. What it posted stays.
    Disable(AccountNameArgs),
    /// Enable an account that was disabled. It logs in with the password that it had.
    Enable(AccountNameArgs),
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// List the open sessions: number, account, time of login, time of the last request (to the hour).
    List(ListedSessionsArgs),
    /// End a session, or all sessions of an account.
    End(EndedSessionsArgs),
}

#[derive(Debug, Subcommand)]
enum EntryCommand {
    /// Create an entry. A running server shows it within a second.
    Create(NewEntryArgs),
}

#[derive(Debug, Subcommand)]
enum RepairCommand {
    /// Number all revisions anew, in another epoch: open pages then fetch everything once. Refused while a
    /// server runs.
    Revisions,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token, and print it alone on the last line. It is shown this once.
    Create(NewTokenArgs),
    /// List the tokens: number, account, time of creation, time of last use (to the hour), name.
    List,
    /// Revoke a token: it stops working at once.
    Revoke(RevokedTokenArgs),
}

/// What an account is made of.
#[derive(Debug, clap::Args)]
pub struct NewAccountArgs {
    /// The name to log in with; readers see it below what the account posts.
    #[arg(long)]
    pub name: String,
    /// owner, editor, author or reader.
    #[arg(long, default_value = "author")]
    pub role: Role,
    /// A file that holds the password, alone on its first line.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
}

/// The new password of an account.
#[derive(Debug, clap::Args)]
pub struct AccountPasswordArgs {
    /// The name of the account.
    #[arg(long)]
    pub name: String,
    /// A file that holds the password, alone on its first line.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
}

/// The new role of an account.
#[derive(Debug, clap::Args)]
pub struct AccountRoleArgs {
    /// The name of the account.
    #[arg(long)]
    pub name: String,
    /// owner, editor, author or reader.
    #[arg(long)]
    pub role: Role,
}

/// Which account is changed.
#[derive(Debug, clap::Args)]
pub struct AccountNameArgs {
    /// The name of the account.
    #[arg(long)]
    pub name: String,
}

/// Which sessions are listed.
#[derive(Debug, clap::Args)]
pub struct ListedSessionsArgs {
    /// The name of an account; all accounts if left out.
    #[arg(long)]
    pub name: Option<String>,
}

/// Which sessions end.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct EndedSessionsArgs {
    /// The name of an account: all of its sessions end.
    #[arg(long)]
    pub name: Option<String>,
    /// The number of a session, as `ringside session list` prints it.
    #[arg(long)]
    pub id: Option<SessionId>,
}

/// What an entry is made of.
#[derive(Debug, clap::Args)]
pub struct NewEntryArgs {
    /// The end of its address, as in /entries/election-night; made from the title if left out.
    #[arg(long, default_value = "")]
    pub slug: String,
    /// Its title.
    #[arg(long)]
    pub title: String,
    /// What it is about.
    #[arg(long, default_value = "")]
    pub summary: String,
    /// The IANA time zone its times are shown in, as in Europe/Paris.
    #[arg(long, default_value = "UTC")]
    pub time_zone: String,
    /// The language of its texts: a BCP 47 tag, as in ar or pt-BR; the site's if left out.
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
    /// The order readers begin with: oldest or latest.
    #[arg(long, default_value = "oldest")]
    pub order: Order,
}

/// What a token is made of.
#[derive(Debug, clap::Args)]
pub struct NewTokenArgs {
    /// The name of the account that it acts as.
    #[arg(long)]
    pub account: String,
    /// What it is for, as in "score ticker".
    #[arg(long, default_value = "")]
    pub name: String,
}

/// Which token is revoked.
#[derive(Debug, clap::Args)]
pub struct RevokedTokenArgs {
    /// Its number, as `ringside token list` says it.
    #[arg(long)]
    pub id: TokenId,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Something given to it is wrong; the sentence says what.
    #[error("{0}")]
    WrongSetting(String),
    /// Something it needs didn't work; the sentence says what.
    #[error("{0}")]
    Failed(String),
}

impl From<newsroom::storage::OpenError> for CommandError {
    fn from(error: newsroom::storage::OpenError) -> Self {
        use newsroom::storage::OpenError;
        match error {
            OpenError::Scheme(_) | OpenError::Unusable { .. } => {
                Self::WrongSetting(error.to_string())
            }
            OpenError::Unreachable { .. } | OpenError::Newer { .. } | OpenError::Migrate { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl From<newsroom::Error> for CommandError {
    fn from(error: newsroom::Error) -> Self {
        match error {
            newsroom::Error::Invalid(_) | newsroom::Error::NotFound(_) => {
                Self::WrongSetting(error.to_string())
            }
            newsroom::Error::Unavailable(cause)
            | newsroom::Error::DiskFull(cause)
            | newsroom::Error::OutcomeUnknown(cause) => {
                Self::Failed(format!("The database can't do it: {cause}."))
            }
            newsroom::Error::Corrupt { table, id, column } => Self::Failed(format!(
                "The database holds a value that can't be read: table {table}, row {id}, column {column}."
            )),
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Runs the command in `args`, the program's name first, and says in one line what went wrong if
/// something did.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            complain(first_line(&error));
            return ExitCode::from(WRONG_SETTING);
        }
        Err(help) => {
            say(help.to_string().trim_end());
            return ExitCode::SUCCESS;
        }
    };
    keep_files_private();
    // Rendering on one worker can wait for itself.
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(dispatch(cli));
            runtime.shutdown_timeout(SHUTDOWN);
            outcome
        }
        Err(error) => Err(CommandError::Failed(format!(
            "The machine gives no threads: {error}."
        ))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(match error {
                CommandError::WrongSetting(_) => WRONG_SETTING,
                CommandError::Failed(_) => FAILED,
            })
        }
    }
}

/// Has every new file be for this user alone: they hold password hashes, drafts and deleted texts.
#[cfg(unix)]
fn keep_files_private() {
    use rustix::{fs::Mode, process::umask};

    umask(Mode::RWXG | Mode::RWXO);
}

#[cfg(not(unix))]
const fn keep_files_private() {}

/// Tells whoever runs the command. Whether they still listen is theirs to know: a closed pipe is no
/// reason to fail.
pub fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn complain(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "ringside: {line}");
}

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
        Command::Account(AccountCommand::Disable(args)) => {
            commands::disable_account(&settings, &args).await
        }
        Command::Account(AccountCommand::Enable(args)) => {
            commands::enable_account(&settings, &args).await
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

/// What is wrong, on one line and without the usage.
fn first_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the command is not complete (add --help to it to see what it takes)".to_owned();
    }
    let text = error.to_string();
    let said: Vec<_> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let said = said.join(" ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    format!("{said} (see ringside --help)")
}
