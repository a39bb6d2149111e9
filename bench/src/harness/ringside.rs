//! The real server: the release binary, with a data folder of its own.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    Connection, Error, Folder, Process, Result, Signal, SmallDisk, While,
    connection::{Answer, post},
    folder::build_folder,
};

/// Everybody's password.
const PASSWORD: &str = "correct horse battery";

/// The folder of its data.
const DATA: &str = "data";

/// The file that it logs to.
const LOG: &str = "log";

/// A server that was started; stopped when dropped.
#[derive(Debug)]
pub struct Ringside {
    /// Where it serves.
    pub address: SocketAddr,
    settings: Vec<(String, String)>,
    process: Process,
    // Removed after the process that works in it.
    folder: Folder,
}

/// Somebody who is logged in, on a connection of their own.
#[derive(Debug)]
pub struct Author {
    connection: Connection,
    cookie: String,
    /// Says which posts are theirs.
    name: String,
    posts: usize,
}

impl Ringside {
    /// Starts the release binary with further `settings`.
    pub fn start(settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(Folder::new()?, settings)
    }

    /// The same, with its data on a small disk of its own, where the system allows that.
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

    /// Its process.
    pub const fn process(&self) -> &Process {
        &self.process
    }

    /// Ends it; it is gone afterwards, and its data is as it left it.
    pub fn stop(&mut self, signal: Signal) -> Result<()> {
        self.process.end(signal)
    }

    /// Starts it again on the same data, once it was stopped: it serves at another address then.
    pub fn start_again(&mut self) -> Result<()> {
        (self.process, self.address) = serve(&self.folder, &self.settings)?;
        Ok(())
    }

    /// How long processors worked for it, so far.
    pub fn cpu(&self) -> Duration {
        self.process.cpu()
    }

    /// Where its data is.
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What it has logged so far.
    pub fn log(&self) -> Result<String> {
        let file = self.folder.path().join(LOG);
        fs::read_to_string(file).while_doing("reading the log")
    }

    /// A live entry named `slug`; answers its number.
    pub async fn entry(&self, slug: &str) -> Result<i64> {
        self.run(&[
            "entry", "create", "--slug", slug, "--title", slug, "--state", "live",
        ])?;
        let page = self.ask(&format!("/entries/{slug}"), "").await?.text();
        page.split_once("data-entry-id=\"")
            .and_then(|(_, rest)| rest.split_once('"')?.0.parse().ok())
            .ok_or_else(|| Error::Unexpected("the entry's page doesn't tell its number".to_owned()))
    }

    /// An author named `name`, logged in.
    pub async fn author(&self, name: &str) -> Result<Author> {
        let password = self.folder.file("password", PASSWORD)?;
        let file = password.display().to_string();
        self.run(&[
            "account",
            "create",
            "--name",
            name,
            "--role",
            "author",
            "--password-file",
            &file,
        ])?;
        self.log_in(name).await
    }

    /// Logs the account named `name` in.
    pub async fn log_in(&self, name: &str) -> Result<Author> {
        let mut connection = Connection::open(self.address)
            .await
            .while_doing("connecting")?;
        let request = login(name, PASSWORD);
        let answer = connection.ask(&request).await.while_doing("logging in")?;
        if answer.status != 303 {
            return Err(Error::Unexpected(format!("no login: {}", answer.head)));
        }
        let cookies: Vec<_> = answer
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

    /// What is answered to a request for `path`, with further header lines; it must be there.
    pub async fn ask(&self, path: &str, headers: &str) -> Result<Answer> {
        let mut connection = Connection::open(self.address)
            .await
            .while_doing("connecting")?;
        let request = super::get(path, headers);
        let answer = connection
            .ask(&request)
            .await
            .while_doing(format!("asking for {path}"))?;
        match answer.status {
            200 => Ok(answer),
            _ => Err(Error::Unexpected(format!("{path}: {}", answer.head))),
        }
    }

    /// Runs one of the binary's commands on the server's data.
    fn run(&self, arguments: &[&str]) -> Result<()> {
        let output = command(&self.folder, &self.settings)?
            .args(arguments)
            .output()
            .while_doing("running a command of Ringside")?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(Error::Unexpected(format!("{arguments:?}: {complaint}")))
    }
}

impl Author {
    /// Posts to the entry named `slug`, as the composer does.
    pub async fn post(&mut self, slug: &str) -> Result<()> {
        self.post_text(slug, &text(self.posts + 1)).await
    }

    /// Posts `source` to the entry named `slug`.
    pub async fn post_text(&mut self, slug: &str, source: &str) -> Result<()> {
        self.posts += 1;
        let (name, n) = (&self.name, self.posts);
        let body = serde_json::json!({
            "slug": slug,
            "op_id": format!("{name}-{n:08}"),
            "source": source,
            "headline": "",
            "waited_ms": 0,
        });
        let request = self.request("/fn/post_update", "application/json", &body.to_string());
        self.send(&request, 200).await
    }

    /// Gives the update numbered `id` its `n`th text.
    pub async fn edit(&mut self, id: i64, n: usize) -> Result<()> {
        let fields = [("source", &*text(n)), ("headline", "")];
        self.submit(&format!("/desk/updates/{id}"), &fields).await
    }

    /// A request of theirs that sends `body` to `path`, as their page does.
    pub fn request(&self, path: &str, content_type: &str, body: &str) -> Vec<u8> {
        let cookie = &self.cookie;
        let headers = format!(
            "content-type: {content_type}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\naccept: application/json\r\n"
        );
        post(path, &headers, body)
    }

    /// Submits the form at `path`, and expects a redirect.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self.request(path, "application/x-www-form-urlencoded", &form);
        self.send(&request, 303).await
    }

    async fn send(&mut self, request: &[u8], wanted: u16) -> Result<()> {
        let answer = self.connection.ask(request).await.while_doing("posting")?;
        if answer.status == wanted {
            return Ok(());
        }
        let mut said = answer.head.clone();
        // Writing to a String can't fail.
        let _ = write!(said, "{}", answer.text());
        Err(Error::Unexpected(format!("a post was refused: {said}")))
    }
}

/// The request that logs `name` in.
pub fn login(name: &str, password: &str) -> Vec<u8> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("username", name)
        .append_pair("password", password)
        .finish();
    let headers = "content-type: application/x-www-form-urlencoded\r\n";
    post("/login", headers, &form)
}

/// The `n`th update, as authors write them: two sentences of Markdown. No two are the same.
pub fn text(n: usize) -> String {
    const WHAT: [&str; 7] = [
        "The referee looks at the screen once more, and the whole stand holds its breath.",
        "A **long ball** from the left finds nobody; the keeper picks it up at the edge of the box.",
        "Substitution: the captain leaves the field, to [long applause](https://example.org/applause).",
        "Half of the questions are about the budget, and *none* of them is answered.",
        "The minister says that the figures will be published \"in due course\".",
        "> We have never seen anything like it.\n\nSo says a man who has been coming here since 1974.",
        "The rain has stopped. The groundsmen are rolling up the covers, and the crowd cheers them.",
    ];
    format!(
        "No. {n}: {} {}",
        WHAT[n % WHAT.len()],
        WHAT[(n / 3 + 2) % WHAT.len()]
    )
}

/// Starts the binary as a server; where it serves.
fn serve(folder: &Folder, settings: &[(String, String)]) -> Result<(Process, SocketAddr)> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.path().join(LOG))
        .while_doing("making a file for the log")?;
    let mut command = command(folder, settings)?;
    command.arg("serve").stdout(Stdio::piped()).stderr(log);
    let mut process = Process::start(command)?;
    let mut said = String::new();
    if let Some(stdout) = process.child().stdout.take() {
        let mut lines = BufReader::new(stdout);
        lines
            .read_line(&mut said)
            .while_doing("waiting for Ringside")?;
        // What it says later is heard, so that it can go on saying it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    }
    let address = said
        .trim_end()
        .strip_prefix("Ringside is running at http://")
        .and_then(|address| address.parse().ok())
        .ok_or_else(|| Error::Unexpected(format!("Ringside did not start: {said:?}")))?;
    Ok((process, address))
}

/// The binary, with its data in `folder`.
fn command(folder: &Folder, settings: &[(String, String)]) -> Result<Command> {
    let build = build_folder().while_doing("looking for the build")?;
    let binary = build.join("ringside");
    if !binary.is_file() {
        let sentence = format!("{} is missing: run 'make build'", binary.display());
        return Err(Error::Unexpected(sentence));
    }
    let mut command = Command::new(binary);
    // Settings of whoever runs this stay out: they may name a real database.
    command
        .env_clear()
        .env("RINGSIDE_ADDR", "127.0.0.1:0")
        .env("RINGSIDE_DATA", folder.path().join(DATA))
        .env("RINGSIDE_SITE", build.join("../site"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Ok(command)
}
