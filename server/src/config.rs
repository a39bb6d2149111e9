//! The settings: flags and environment variables alike.

use std::{
    fs, io,
    net::SocketAddr,
    path::{self, Path, PathBuf},
    time::Duration,
};

use axum::http::Uri;
use clap::{Args, ValueEnum};
use domain::Road;

use crate::{cli::CommandError, proxies::TrustedProxies};

/// How many milliseconds a polling page waits at least: two pages a second are as good as a stream.
const SHORTEST_POLL_MS: i64 = 500;
/// And at most: ten minutes.
const LONGEST_POLL_MS: i64 = 600_000;

/// What whoever runs the server can set.
#[derive(Clone, Debug, Args)]
#[expect(clippy::doc_markdown, reason = "these comments are what --help prints")]
pub struct Settings {
    /// The address to serve on; 0.0.0.0:3000 lets other machines in.
    #[arg(
        long,
        env = "RINGSIDE_ADDR",
        default_value = "127.0.0.1:3000",
        global = true
    )]
    pub addr: SocketAddr,
    /// The folder of the SQLite file, and of what the server notes for itself; made if it isn't there.
    #[arg(
        long,
        env = "RINGSIDE_DATA",
        default_value = "data",
        value_name = "FOLDER",
        global = true
    )]
    pub data: PathBuf,
    /// The database, sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME; by default ringside.db in
    /// the data folder.
    #[arg(
        long,
        env = "RINGSIDE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub database_url: Option<String>,
    /// A file that holds the database's URL, alone on its first line.
    #[arg(
        long,
        env = "RINGSIDE_DATABASE_URL_FILE",
        value_name = "FILE",
        conflicts_with = "database_url",
        global = true
    )]
    pub database_url_file: Option<PathBuf>,
    /// How readers reach the server, as in https://live.example.org. With https, cookies are sent
    /// over https alone.
    #[arg(long, env = "RINGSIDE_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<String>,
    /// The proxies in front of the server, as in 127.0.0.1,10.0.0.0/8: of them, and of nobody else,
    /// it is believed whose request they pass on (X-Forwarded-For).
    #[arg(
        long,
        env = "RINGSIDE_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESSES",
        global = true
    )]
    pub trusted_proxies: TrustedProxies,
    /// The folder of stylesheets and browser code; by default `site` beside the binary, or
    /// target/site.
    #[arg(long, env = "RINGSIDE_SITE", value_name = "FOLDER", global = true)]
    pub site: Option<PathBuf>,
    /// How long a page that polls waits between two questions, in milliseconds (500 to 600000).
    #[arg(
        long,
        env = "RINGSIDE_POLL_INTERVAL_MS",
        default_value_t = 5_000,
        value_parser = clap::value_parser!(u32).range(SHORTEST_POLL_MS..=LONGEST_POLL_MS),
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
    /// The road open pages take: auto, sse, poll or websocket. A switch for a bad day.
    #[arg(
        long,
        env = "RINGSIDE_TRANSPORT",
        default_value = "auto",
        global = true
    )]
    pub transport: Road,
    /// How many streams may be open at once: each is an open file. Pages beyond that poll.
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS",
        default_value_t = 20_000,
        value_name = "N",
        global = true
    )]
    pub max_streams: usize,
    /// How many of them from one address, or one network of IPv6 (a /64).
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS_PER_ADDRESS",
        default_value_t = 2_000,
        value_name = "N",
        global = true
    )]
    pub max_streams_per_address: usize,
    /// What to log: error, warn, info, debug, trace, or a filter like newsroom=debug,tower_http=info.
    #[arg(long, env = "RINGSIDE_LOG", default_value = "info", global = true)]
    pub log: String,
    /// How to write the log.
    #[arg(
        long,
        env = "RINGSIDE_LOG_FORMAT",
        default_value = "text",
        value_enum,
        global = true
    )]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line, for machines.
    Json,
}

impl Settings {
    /// How long a request waits for the database.
    pub fn database_deadline(&self) -> Duration {
        Duration::from_millis(self.database_deadline_ms.into())
    }

    /// The database's address; makes the data folder.
    ///
    /// # Errors
    /// If the data folder can't be made or written, or the file with the address not read.
    pub fn database_url(&self) -> Result<String, CommandError> {
        self.prepare_data_folder().map_err(|error| {
            CommandError::WrongSetting(format!(
                "The data folder {} can't be written: {error}. Set RINGSIDE_DATA to one that can.",
                self.data.display()
            ))
        })?;
        if let Some(url) = &self.database_url {
            return Ok(url.clone());
        }
        if let Some(file) = &self.database_url_file {
            return first_line_of(file);
        }
        // What comes first in a URL is read as a host, in which a name may hold neither a space nor a
        // colon: a path from the root leaves that place empty.
        let file = path::absolute(self.data.join("ringside.db")).map_err(|error| {
            CommandError::WrongSetting(format!(
                "The data folder {} can't be found: {error}. Set RINGSIDE_DATA to another.",
                self.data.display()
            ))
        })?;
        let file = file.display().to_string();
        // In a URL these would not be part of the path.
        let path = file
            .replace('%', "%25")
            .replace('?', "%3F")
            .replace('#', "%23");
        Ok(format!("sqlite://{path}"))
    }

    /// The folder of stylesheets and browser code.
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

    /// How readers reach the server.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            // On every address also means on this one; no link can be opened to 0.0.0.0.
            None if self.addr.ip().is_unspecified() => {
                format!("http://127.0.0.1:{}", self.addr.port())
            }
            None => format!("http://{}", self.addr),
        }
    }

    /// Whether readers come over https: cookies are then for https alone.
    pub fn is_https(&self) -> bool {
        self.public_url().starts_with("https://")
    }

    /// Checks what only makes sense together.
    ///
    /// # Errors
    /// With a sentence for whoever runs the server.
    pub fn check(&self) -> Result<(), CommandError> {
        let url = self.public_url();
        if is_origin(&url) {
            return Ok(());
        }
        let given = self.public_url.as_ref().unwrap_or(&url);
        Err(CommandError::WrongSetting(format!(
            "RINGSIDE_PUBLIC_URL must be like https://live.example.org; it is {given:?}."
        )))
    }

    fn prepare_data_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.data)?;
        let probe = self.data.join(".writable");
        fs::write(&probe, "")?;
        fs::remove_file(probe)
    }
}

/// Whether `url` is a scheme, a host, perhaps a port, and nothing else.
fn is_origin(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return false;
    };
    let authority = match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    !host.is_empty() && url.ends_with(&format!("://{authority}"))
}

/// The first line of a file that holds a secret.
///
/// # Errors
/// If the file can't be read.
pub fn first_line_of(file: &Path) -> Result<String, CommandError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CommandError::WrongSetting(format!("{} can't be read: {error}.", file.display()))
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
