//! The settings, each a flag and an environment variable.

use std::{
    fs, io, iter,
    net::{Ipv4Addr, SocketAddr},
    path::{self, Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use domain::{Language, Transport, hygiene};

use crate::{
    command_error::CommandError, public_url::PublicUrl, security::proxies::TrustedProxies,
};

/// The shortest poll interval, in milliseconds. Two polls a second are as fast as a stream.
const MIN_POLL_INTERVAL_MS: i64 = 500;
/// The longest poll interval, in milliseconds: ten minutes.
const MAX_POLL_INTERVAL_MS: i64 = 600_000;

/// The highest limit of failed logins per minute. A higher one would have no effect in practice.
const MAX_LOGINS_PER_MINUTE: i64 = 100_000;
/// The highest limit of sign-ups per hour. A site has fewer.
const MAX_SIGN_UPS_PER_HOUR: i64 = 1_000_000;
/// The highest limit of messages per minute. A room has fewer.
const MAX_MESSAGES_PER_MINUTE: i64 = 1_000_000;
/// The longest login delay, in milliseconds. Browsers and proxies wait longer than that.
const MAX_LOGIN_DELAY_MS: i64 = 10_000;

/// The settings of the server and of all commands.
#[derive(Clone, Debug, Args)]
#[expect(clippy::doc_markdown, reason = "--help prints these comments")]
pub struct Settings {
    /// The address and port to listen on. Use 0.0.0.0:3000 to accept connections from other
    /// machines.
    #[arg(
        long,
        env = "RINGSIDE_ADDR",
        default_value = "127.0.0.1:3000",
        global = true
    )]
    pub addr: SocketAddr,
    /// The data folder, which contains the SQLite database. Created if it does not exist.
    #[arg(
        long,
        env = "RINGSIDE_DATA",
        default_value = "data",
        value_name = "FOLDER",
        global = true
    )]
    pub data: PathBuf,
    /// The database: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME. Defaults to ringside.db
    /// in the data folder.
    #[arg(
        long,
        env = "RINGSIDE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub database_url: Option<String>,
    /// A file with the database URL on its first line.
    #[arg(
        long,
        env = "RINGSIDE_DATABASE_URL_FILE",
        value_name = "FILE",
        conflicts_with = "database_url",
        global = true
    )]
    pub database_url_file: Option<PathBuf>,
    /// The URL under which readers reach the server, for example https://live.example.org. Used for
    /// absolute URLs in pages and API responses. With https, cookies are sent over https only.
    /// Defaults to the address of --addr.
    #[arg(long, env = "RINGSIDE_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<PublicUrl>,
    /// The site's language: a BCP 47 tag such as ar or pt-BR. Used for live blogs without a
    /// language of their own and for pages about all live blogs.
    #[arg(
        long,
        env = "RINGSIDE_LANGUAGE",
        default_value = "en",
        value_parser = newsroom::language::parse,
        value_name = "TAG",
        global = true
    )]
    pub site_language: Language,
    /// The reverse proxies in front of the server, for example 127.0.0.1,10.0.0.0/8. Only these
    /// proxies' X-Forwarded-For headers are trusted.
    #[arg(
        long,
        env = "RINGSIDE_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESSES",
        global = true
    )]
    pub trusted_proxies: TrustedProxies,
    /// A folder of stylesheets and browser code to use instead of those in the binary. A binary
    /// without them uses `site` beside it, or else target/site.
    #[arg(long, env = "RINGSIDE_SITE", value_name = "FOLDER", global = true)]
    pub site: Option<PathBuf>,
    /// How long a polling page waits between two requests, in milliseconds (500 to 600000).
    #[arg(
        long,
        env = "RINGSIDE_POLL_INTERVAL_MS",
        default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(MIN_POLL_INTERVAL_MS..=MAX_POLL_INTERVAL_MS),
        value_name = "MS",
        global = true
    )]
    pub poll_interval_ms: u32,
    /// How long a request waits for the database, in milliseconds (100 to 60000), before the server
    /// responds with 503.
    #[arg(
        long,
        env = "RINGSIDE_DATABASE_DEADLINE_MS",
        default_value_t = 1_800,
        value_parser = clap::value_parser!(u32).range(100..=60_000),
        value_name = "MS",
        global = true
    )]
    pub database_deadline_ms: u32,
    /// The transport of open pages: auto, sse, poll or websocket. Change it only if streams fail.
    #[arg(
        long,
        env = "RINGSIDE_TRANSPORT",
        default_value = "auto",
        global = true
    )]
    pub transport: Transport,
    /// The maximum number of open connections; further connections are closed. Defaults to 1.5
    /// times --max-streams, and at least 4096. Lowered if the limit of open files requires it.
    #[arg(
        long,
        env = "RINGSIDE_MAX_CONNECTIONS",
        value_name = "N",
        global = true
    )]
    pub max_connections: Option<usize>,
    /// The maximum number of open connections from one address (for IPv6, one /64 network).
    /// Defaults to twice --max-streams-per-address, and at least 4096. Trusted proxies are exempt.
    #[arg(
        long,
        env = "RINGSIDE_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        global = true
    )]
    pub max_connections_per_address: Option<usize>,
    /// The maximum number of open streams; pages without a stream poll. Each stream is a
    /// connection. Lowered so that an eighth of --max-connections, at most 1024, stays free for
    /// other requests.
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS",
        default_value_t = 20_000,
        value_name = "N",
        global = true
    )]
    pub max_streams: usize,
    /// The maximum number of open streams from one address (for IPv6, one /64 network).
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS_PER_ADDRESS",
        default_value_t = 2_000,
        value_name = "N",
        global = true
    )]
    pub max_streams_per_address: usize,
    /// How many logins with one username may fail from one address at once, and then per minute.
    #[arg(
        long,
        env = "RINGSIDE_LOGINS_PER_MINUTE",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=MAX_LOGINS_PER_MINUTE),
        value_name = "N",
        global = true
    )]
    pub logins_per_minute: u32,
    /// How many logins may fail from one address (for IPv6, one /64 network) at once, and then per
    /// minute, with any usernames.
    #[arg(
        long,
        env = "RINGSIDE_LOGINS_PER_MINUTE_PER_ADDRESS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=MAX_LOGINS_PER_MINUTE),
        value_name = "N",
        global = true
    )]
    pub logins_per_minute_per_address: u32,
    /// The longest delay of a login with a username that failed often, from any addresses, in
    /// milliseconds (0 to 10000).
    #[arg(
        long,
        env = "RINGSIDE_LOGIN_DELAY_MS",
        default_value_t = 4_000,
        value_parser = clap::value_parser!(u32).range(0..=MAX_LOGIN_DELAY_MS),
        value_name = "MS",
        global = true
    )]
    pub login_delay_ms: u32,
    /// How many accounts may be created from one address (for IPv6, one /64 network) at once, and
    /// then per hour, if the site offers accounts to everybody; 0 for no limit.
    #[arg(
        long,
        env = "RINGSIDE_SIGN_UPS_PER_HOUR_PER_ADDRESS",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(0..=MAX_SIGN_UPS_PER_HOUR),
        value_name = "N",
        global = true
    )]
    pub sign_ups_per_hour_per_address: u32,
    /// Whether everyone may open rooms: every valid name is that of a room, which its first message
    /// creates. Otherwise only owners create rooms.
    #[arg(
        long,
        env = "RINGSIDE_OPEN_ROOMS",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "true|false",
        global = true
    )]
    pub open_rooms: bool,
    /// How many messages a reader can send in rooms per minute, a twelfth of them at once; 0 for no
    /// limit. Authors, editors and owners are exempt.
    #[arg(
        long,
        env = "RINGSIDE_MESSAGES_PER_MINUTE",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(0..=MAX_MESSAGES_PER_MINUTE),
        value_name = "N",
        global = true
    )]
    pub messages_per_minute: u32,
    /// How many messages all readers at one address (for IPv6, one /64 network) can send in rooms
    /// per minute, a third of them at once; 0 for no limit.
    #[arg(
        long,
        env = "RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS",
        default_value_t = 3_000,
        value_parser = clap::value_parser!(u32).range(0..=MAX_MESSAGES_PER_MINUTE),
        value_name = "N",
        global = true
    )]
    pub messages_per_minute_per_address: u32,
    /// Whether to count the readers of live blogs: their open streams, on all servers. Pages show
    /// the number, and the desk.
    #[arg(
        long,
        env = "RINGSIDE_COUNT_READERS",
        default_value_t = false,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "true|false",
        global = true
    )]
    pub count_readers: bool,
    /// The log level: error, warn, info, debug or trace, or a filter such as
    /// newsroom=debug,tower_http=info.
    #[arg(long, env = "RINGSIDE_LOG", default_value = "info", global = true)]
    pub log: String,
    /// The log format.
    #[arg(
        long,
        env = "RINGSIDE_LOG_FORMAT",
        default_value = "text",
        value_enum,
        global = true
    )]
    pub log_format: LogFormat,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines of text.
    Text,
    /// One JSON object per line.
    Json,
}

impl Settings {
    /// Returns how long a request waits for the database.
    pub fn database_deadline(&self) -> Duration {
        Duration::from_millis(self.database_deadline_ms.into())
    }

    /// Creates the data folder and returns the database URL.
    ///
    /// # Errors
    /// If the data folder can't be created or written, or the file with the URL can't be read.
    pub fn database_url(&self) -> Result<String, CommandError> {
        self.prepare_data_folder().map_err(|error| {
            CommandError::InvalidInput(format!(
                "The data folder {} can't be written: {error}. Set RINGSIDE_DATA to another folder.",
                self.data.display()
            ))
        })?;
        if let Some(url) = &self.database_url {
            return Ok(hygiene::clean_line(url));
        }
        if let Some(file) = &self.database_url_file {
            return read_first_line(file).map(|url| hygiene::clean_line(&url));
        }
        // The first part of a URL is its host, which can't contain a space or a colon. With an
        // absolute path, the host is empty.
        let file = path::absolute(self.data.join("ringside.db")).map_err(|error| {
            CommandError::InvalidInput(format!(
                "The data folder {} can't be found: {error}. Set RINGSIDE_DATA to another folder.",
                self.data.display()
            ))
        })?;
        let file = file.display().to_string();
        // These characters have a meaning in URLs.
        let path = file
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        Ok(format!("sqlite://{path}"))
    }

    /// Returns the folder of stylesheets and browser code, for a binary that contains none.
    pub fn site(&self) -> PathBuf {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|binary| Some(binary.parent()?.join("site")))
            .filter(|folder| folder.is_dir());
        self.site
            .clone()
            .or(beside)
            .unwrap_or_else(|| PathBuf::from("target/site"))
    }

    /// Returns the URL under which readers reach the server.
    pub fn public_url(&self) -> PublicUrl {
        let url_of_addr = || {
            let ip = self.addr.ip();
            // Links to 0.0.0.0 can't be opened; a server on all addresses is also on this one.
            let ip = if ip.is_unspecified() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                ip
            };
            PublicUrl::http(SocketAddr::new(ip, self.addr.port()))
        };
        self.public_url.clone().unwrap_or_else(url_of_addr)
    }

    /// Returns whether readers use https. Cookies are then sent over https only.
    pub fn is_https(&self) -> bool {
        self.public_url
            .as_ref()
            .is_some_and(|url| url.as_str().starts_with("https://"))
    }

    fn prepare_data_folder(&self) -> io::Result<()> {
        create_private_folder(&self.data)?;
        let probe = self.data.join(".writable");
        fs::write(&probe, "")?;
        fs::remove_file(probe)
    }

    /// Returns the paths with password hashes, drafts and deleted texts that other users of the
    /// machine can read: of the data folder, the database's files, and the high-water mark.
    #[cfg(unix)]
    pub fn readable_by_others(&self) -> Vec<PathBuf> {
        use std::os::unix::fs::PermissionsExt;

        let is_open = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|it| it.permissions().mode() & OTHERS != 0)
        };
        let files = ["ringside.db", "ringside.db-wal", "published"];
        let files = files.map(|name| self.data.join(name));
        let elsewhere = self.database_url.as_deref().and_then(|url| {
            let path = url.strip_prefix("sqlite://")?;
            Some(PathBuf::from(path.split('?').next()?))
        });
        let all = iter::once(self.data.clone()).chain(files).chain(elsewhere);
        all.filter(is_open).collect()
    }

    /// Returns nothing: this system has no permission bits to check.
    #[cfg(not(unix))]
    pub fn readable_by_others(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// The permission bits of the group and of other users.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Creates a folder, and its missing parents, with access for this user only.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Returns the first line of a file that contains a secret, without the byte order mark and the
/// line end that editors on Windows write.
///
/// # Errors
/// If the file can't be read.
pub fn read_first_line(file: &Path) -> Result<String, CommandError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CommandError::InvalidInput(format!("{} can't be read: {error}.", file.display()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text
        .split(['\r', '\n'])
        .next()
        .unwrap_or_default()
        .to_owned())
}
