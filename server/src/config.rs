//! The settings: flags and environment variables alike.

use std::{
    fmt, fs, io, iter,
    net::{Ipv4Addr, SocketAddr},
    path::{self, Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use axum::http::Uri;
use clap::{Args, ValueEnum};
use domain::{Language, Transport, hygiene};

use crate::{cli::CommandError, proxies::TrustedProxies};

/// How many milliseconds a polling page waits at least: two pages a second are as good as a stream.
const SHORTEST_POLL_MS: i64 = 500;
/// And at most: ten minutes.
const LONGEST_POLL_MS: i64 = 600_000;

/// The most failed logins a minute that can be allowed: far more, and there might as well be no limit.
const MOST_LOGINS: i64 = 100_000;
/// The longest delay of a login that can be set, in milliseconds: browsers and proxies wait longer than that.
const LONGEST_LOGIN_DELAY_MS: i64 = 10_000;

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
    /// How readers reach the server, as in https://live.example.org: pages and the API name their own
    /// addresses by it. Without it, by --addr. With https, cookies are sent over https alone.
    #[arg(long, env = "RINGSIDE_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<PublicUrl>,
    /// The language of the site: of entries that have none of their own, and of the pages of all entries. A
    /// BCP 47 tag, as in ar or pt-BR.
    #[arg(
        long,
        env = "RINGSIDE_LANGUAGE",
        default_value = "en",
        value_parser = newsroom::language::parse,
        value_name = "TAG",
        global = true
    )]
    pub site_language: Language,
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
    /// The transport open pages take: auto, sse, poll or websocket. A switch for a bad day.
    #[arg(
        long,
        env = "RINGSIDE_TRANSPORT",
        default_value = "auto",
        global = true
    )]
    pub transport: Transport,
    /// How many connections may be open at once. By default half as many again as streams, and at
    /// least 4096; never more than the limit of open files allows. Connections beyond that are closed.
    #[arg(
        long,
        env = "RINGSIDE_MAX_CONNECTIONS",
        value_name = "N",
        global = true
    )]
    pub max_connections: Option<usize>,
    /// How many of them from one address, or one network of IPv6 (a /64). By default twice as many as
    /// streams, and at least 4096. Trusted proxies may have any number.
    #[arg(
        long,
        env = "RINGSIDE_MAX_CONNECTIONS_PER_ADDRESS",
        value_name = "N",
        global = true
    )]
    pub max_connections_per_address: Option<usize>,
    /// How many streams may be open at once. Each is a connection; an eighth of the connections, and
    /// at most 1024, is left to other requests. Pages beyond that poll.
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS",
        default_value_t = 20_000,
        value_name = "N",
        global = true
    )]
    pub max_streams: usize,
    /// How many streams from one address, or one network of IPv6 (a /64).
    #[arg(
        long,
        env = "RINGSIDE_MAX_STREAMS_PER_ADDRESS",
        default_value_t = 2_000,
        value_name = "N",
        global = true
    )]
    pub max_streams_per_address: usize,
    /// How many logins with one name may fail from one address at once, and then each minute.
    #[arg(
        long,
        env = "RINGSIDE_LOGINS_PER_MINUTE",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=MOST_LOGINS),
        value_name = "N",
        global = true
    )]
    pub logins_per_minute: u32,
    /// How many logins may fail from one address, or one network of IPv6 (a /64), whatever the names are.
    #[arg(
        long,
        env = "RINGSIDE_LOGINS_PER_MINUTE_PER_ADDRESS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=MOST_LOGINS),
        value_name = "N",
        global = true
    )]
    pub logins_per_minute_per_address: u32,
    /// The longest delay of a login with a name that failed often, from whatever addresses, in milliseconds
    /// (0 to 10000).
    #[arg(
        long,
        env = "RINGSIDE_LOGIN_DELAY_MS",
        default_value_t = 4_000,
        value_parser = clap::value_parser!(u32).range(0..=LONGEST_LOGIN_DELAY_MS),
        value_name = "MS",
        global = true
    )]
    pub login_delay_ms: u32,
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
            return Ok(hygiene::clean_line(url));
        }
        if let Some(file) = &self.database_url_file {
            return first_line_of(file).map(|url| hygiene::clean_line(&url));
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
    pub fn public_url(&self) -> PublicUrl {
        let of_address = || {
            let ip = self.addr.ip();
            // On every address also means on this one; no link can be opened to 0.0.0.0.
            let ip = if ip.is_unspecified() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                ip
            };
            PublicUrl::http(SocketAddr::new(ip, self.addr.port()))
        };
        self.public_url.clone().unwrap_or_else(of_address)
    }

    /// Whether readers come over https: cookies are then for https alone.
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

    /// Returns what holds password hashes, drafts and deleted texts and may be read by other users of
    /// the machine: the data folder, and the database's files in it.
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

    /// The same; on this system it is not known.
    #[cfg(not(unix))]
    pub fn readable_by_others(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// What group and others may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Makes a folder, and those above it that are missing, for this user alone.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// How readers reach the server, in its one spelling: scheme and host in lower case, and a port only if
/// it isn't the scheme's own. Browsers write an `Origin` like that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why a text is no public URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be like https://live.example.org, a scheme and a host")]
pub struct NoPublicUrl;

impl PublicUrl {
    /// The URL itself, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That of a server at this address, without https.
    fn http(address: SocketAddr) -> Self {
        match address.port() {
            80 if address.is_ipv6() => Self(format!("http://[{}]", address.ip())),
            80 => Self(format!("http://{}", address.ip())),
            _ => Self(format!("http://{address}")),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = NoPublicUrl;

    fn from_str(text: &str) -> Result<Self, NoPublicUrl> {
        let text = hygiene::clean_line(text);
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| NoPublicUrl)?;
        let (scheme, own_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(NoPublicUrl),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(NoPublicUrl)?;
        let given = match uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        // Nothing else may be in it: no user, no path, no query.
        let (_, authority) = text.split_once("://").ok_or(NoPublicUrl)?;
        if authority != given {
            return Err(NoPublicUrl);
        }
        let host = host.to_ascii_lowercase();
        Ok(Self(
            match uri.port_u16().filter(|port| *port != own_port) {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
        ))
    }
}

/// The first line of a file that holds a secret, as it is. Only the byte order mark and the line end, which
/// editors on Windows write, are no part of it.
///
/// # Errors
/// If the file can't be read.
pub fn first_line_of(file: &Path) -> Result<String, CommandError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CommandError::WrongSetting(format!("{} can't be read: {error}.", file.display()))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text
        .split(['\r', '\n'])
        .next()
        .unwrap_or_default()
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_one_spelling() {
        for (text, spelled) in [
            ("https://live.example.org", "https://live.example.org"),
            ("HTTPS://Live.Example.Org/", "https://live.example.org"),
            ("https://live.example.org:443", "https://live.example.org"),
            ("https://live.example.org:80", "https://live.example.org:80"),
            ("http://live.example.org:80", "http://live.example.org"),
            ("http://192.0.2.1:3000", "http://192.0.2.1:3000"),
            ("http://[2001:DB8::1]:3000", "http://[2001:db8::1]:3000"),
            ("https://live.example.org:0443", ""),
            ("https://ann@live.example.org", ""),
            ("https://live.example.org/blog", ""),
            ("live.example.org", ""),
            ("ftp://live.example.org", ""),
            ("https://", ""),
        ] {
            let url = text.parse::<PublicUrl>();
            let url = url.map_or(String::new(), |url| url.to_string());
            assert_eq!(url, spelled, "{text}");
        }
    }

    #[test]
    fn a_server_without_a_public_url_is_reached_at_its_address() {
        for (address, url) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("127.0.0.1:80", "http://127.0.0.1"),
            ("[::1]:80", "http://[::1]"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(PublicUrl::http(address.parse().unwrap()).as_str(), url);
        }
    }
}
