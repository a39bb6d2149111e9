//! The real server: the release binary, with its own data folder.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    Connection, Context, Error, Folder, Process, Result, Signal, SmallDisk,
    connection::{Response, post_request},
    folder::build_folder,
};

/// The password of all accounts.
const PASSWORD: &str = "correct horse battery";

/// The name of its data folder.
const DATA: &str = "data";

/// The name of its log file.
const LOG: &str = "log";

/// A running server, stopped when dropped.
#[derive(Debug)]
pub struct Ringside {
    /// The address that it listens on.
    pub address: SocketAddr,
    settings: Vec<(String, String)>,
    process: Process,
    // Dropped, and so removed, after the process that uses it.
    folder: Folder,
}

/// A logged-in author with a connection.
#[derive(Debug)]
pub struct Author {
    connection: Connection,
    cookie: String,
    /// The account's name, and the prefix of its operation ids.
    name: String,
    posts: usize,
}

impl Ringside {
    /// Starts the release binary with additional `settings`.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(Folder::new()?, settings)
    }

    /// Starts it with its data on a small disk, where the system allows that.
    pub fn start_on_small_disk(
        settings: &[(&str, &str)],
        megabytes: u32,
    ) -> Result<(Self, Option<SmallDisk>)> {
        let folder = Folder::new()?;
        let disk = SmallDisk::mount(&folder.path().join(DATA), megabytes)?;
        Ok((Self::start_in(folder, settings)?, disk))
    }

    fn start_in(folder: Folder, settings: &[(&str, &str)]) -> Result<Self> {
        let settings: Vec<_> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (process, address) = serve(&folder, &settings)?;
        Ok(Self {
            address,
            settings,
            process,
            folder,
        })
    }

    /// Returns its process.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Stops it and waits for its exit. Its data stays unchanged.
    pub fn stop(&mut self, signal: Signal) -> Result<()> {
        self.process.end(signal)
    }

    /// Starts it again on the same data, with a new address.
    pub fn start_again(&mut self) -> Result<()> {
        (self.process, self.address) = serve(&self.folder, &self.settings)?;
        Ok(())
    }

    /// Returns its processor time so far.
    pub fn cpu(&self) -> Duration {
        self.process.cpu()
    }

    /// Returns the folder that contains its data folder.
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns its log so far.
    pub fn log(&self) -> Result<String> {
        let file = self.folder.path().join(LOG);
        fs::read_to_string(file).context("reading the log")
    }

    /// Creates a live entry with `slug`. Returns its number.
    pub async fn entry(&self, slug: &str) -> Result<i64> {
        self.run(&[
            "entry", "create", "--slug", slug, "--title", slug, "--state", "live",
        ])?;
        let page = self.get(&format!("/entries/{slug}"), "").await?.text();
        page.split_once("data-entry-id=\"")
            .and_then(|(_, rest)| rest.split_once('"')?.0.parse().ok())
            .ok_or_else(|| {
                Error::Unexpected("the entry's page does not contain its number".to_owned())
            })
    }

    /// Creates an author called `name` and logs in.
    pub async fn author(&self, name: &str) -> Result<Author> {
        self.account(name, "author").await
    }

    /// Creates an account called `name` with a `role` that may post, and logs in.
    pub async fn account(&self, name: &str, role: &str) -> Result<Author> {
        let password = self.folder.file("password", PASSWORD)?;
        let file = password.display().to_string();
        self.run(&[
            "account",
            "create",
            "--name",
            name,
            "--role",
            role,
            "--password-file",
            &file,
        ])?;
        self.log_in(name).await
    }

    /// Logs in to the account called `name`.
    pub async fn log_in(&self, name: &str) -> Result<Author> {
        let mut connection = Connection::open(self.address).await.context("connecting")?;
        let request = login(name, PASSWORD);
        let response = connection.request(&request).await.context("logging in")?;
        if response.status != 303 {
            return Err(Error::Unexpected(format!(
                "the login failed: {}",
                response.head
            )));
        }
        let cookies: Vec<_> = response
            .headers("set-cookie")
            .filter_map(|cookie| cookie.split(';').next())
            .collect();
        Ok(Author {
            cookie: cookies.join("; "),
            connection,
            name: name.to_owned(),
            posts: 0,
        })
    }

    /// Requests `path` with additional header lines.
    ///
    /// # Errors
    ///
    /// If the status is not 200.
    pub async fn get(&self, path: &str, headers: &str) -> Result<Response> {
        let mut connection = Connection::open(self.address).await.context("connecting")?;
        let request = super::get_request(path, headers);
        let response = connection
            .request(&request)
            .await
            .context(format!("requesting {path}"))?;
        match response.status {
            200 => Ok(response),
            _ => Err(Error::Unexpected(format!("{path}: {}", response.head))),
        }
    }

    /// Runs one of the binary's commands on the server's data.
    fn run(&self, arguments: &[&str]) -> Result<()> {
        let output = command(&self.folder, &self.settings)?
            .args(arguments)
            .output()
            .context("running a command of Ringside")?;
        if output.status.success() {
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(Error::Unexpected(format!("{arguments:?}: {errors}")))
    }
}

impl Author {
    /// Posts to the entry with `slug`, like the composer.
    pub async fn post(&mut self, slug: &str) -> Result<()> {
        self.post_text(slug, &text(self.posts + 1)).await
    }

    /// Posts `source` to the entry with `slug`.
    pub async fn post_text(&mut self, slug: &str, source: &str) -> Result<()> {
        self.posts += 1;
        let (name, n) = (&self.name, self.posts);
        let body = serde_json::json!({
            "slug": slug,
            "op_id": format!("{name}-{n:08}"),
            "source": source,
            "headline": "",
        });
        let request = self.request("/fn/post_update", "application/json", &body.to_string());
        self.send(&request, 200).await
    }

    /// Replaces the text of the update `id` by the `n`th text.
    pub async fn edit(&mut self, id: i64, n: usize) -> Result<()> {
        let fields = [("source", &*text(n)), ("headline", "")];
        self.submit(&format!("/desk/updates/{id}"), &fields).await
    }

    /// Returns a request that sends `body` to `path` with the author's session, like a page.
    pub fn request(&self, path: &str, content_type: &str, body: &str) -> Vec<u8> {
        let cookie = &self.cookie;
        let headers = format!(
            "content-type: {content_type}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\naccept: application/json\r\n"
        );
        post_request(path, &headers, body)
    }

    /// Submits the form at `path` and expects a redirect.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.request(path, "application/x-www-form-urlencoded", &form);
        self.send(&request, 303).await
    }

    async fn send(&mut self, request: &[u8], wanted: u16) -> Result<()> {
        let response = self.connection.request(request).await.context("posting")?;
        if response.status == wanted {
            return Ok(());
        }
        let mut text = response.head.clone();
        // Writing to a String can't fail.
        let _ = write!(text, "{}", response.text());
        Err(Error::Unexpected(format!("a post was rejected: {text}")))
    }
}

/// Returns the request that logs in to the account called `name`.
pub fn login(name: &str, password: &str) -> Vec<u8> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("username", name)
        .append_pair("password", password)
        .finish();
    let headers = "content-type: application/x-www-form-urlencoded\r\n";
    post_request("/login", headers, &form)
}

/// Returns the `n`th text of an update: two realistic sentences of Markdown, different for each
/// `n`.
pub fn text(n: usize) -> String {
    const WHAT: [&str; 7] = [
        "The referee looks at the screen once more, and the whole crowd holds its breath.",
        "A **long ball** from the left finds nobody; the keeper picks it up at the edge of the box.",
        "Substitution: the captain leaves the field, to [long applause](https://example.org/applause).",
        "Half of the questions are about the budget, and *none* of them is answered.",
        "The minister adds that the figures will be published \"in due course\".",
        "> We have never seen anything like it.\n\nSo sang a man who has been coming here since 1974.",
        "The rain has stopped. The groundsmen are rolling up the covers, and the crowd cheers them.",
    ];
    format!(
        "No. {n}: {} {}",
        WHAT[n % WHAT.len()],
        WHAT[(n / 3 + 2) % WHAT.len()]
    )
}

/// Starts the binary as a server. Returns the address that it listens on.
fn serve(folder: &Folder, settings: &[(String, String)]) -> Result<(Process, SocketAddr)> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.path().join(LOG))
        .context("creating the log file")?;
    let mut command = command(folder, settings)?;
    command.arg("serve").stdout(Stdio::piped()).stderr(log);
    let mut process = Process::start(command)?;
    let mut first_line = String::new();
    if let Some(stdout) = process.child().stdout.take() {
        let mut lines = BufReader::new(stdout);
        lines
            .read_line(&mut first_line)
            .context("waiting for Ringside")?;
        // Further output is read and discarded, so that the server can continue to write it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    }
    let address = first_line
        .trim_end()
        .strip_prefix("Ringside is running at http://")
        .and_then(|address| address.parse().ok())
        .ok_or_else(|| Error::Unexpected(format!("Ringside did not start: {first_line:?}")))?;
    Ok((process, address))
}

/// Returns the command for the binary, with its data in `folder`.
fn command(folder: &Folder, settings: &[(String, String)]) -> Result<Command> {
    let build = build_folder().context("looking for the build")?;
    let binary = build.join("ringside");
    if !binary.is_file() {
        let sentence = format!("{} is missing: run 'make build'", binary.display());
        return Err(Error::Unexpected(sentence));
    }
    let mut command = Command::new(binary);
    // The caller's settings are removed, because they may name a real database.
    command
        .env_clear()
        .env("RINGSIDE_ADDR", "127.0.0.1:0")
        .env("RINGSIDE_DATA", folder.path().join(DATA))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Ok(command)
}
