//! Runs the binary.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

/// A data folder for a test's own, and the binary that keeps its data there.
pub struct Ringside {
    folder: TempDir,
}

/// A server that was started; killed when dropped, if it still runs.
pub struct Serving {
    /// Where it says that it serves, as in `127.0.0.1:41234`.
    pub address: String,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Ringside {
    /// The binary, on a data folder that isn't there yet.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A file for the test's own, beside the data folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    /// Where the data is.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.data().join("ringside.db").display())
    }

    /// Executes `sql` in the database; a command has made it before.
    pub async fn execute(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.database_url()).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The command, to be given more.
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringside"));
        command
            .env_clear()
            .env("RINGSIDE_DATA", self.data())
            .env("RINGSIDE_ADDR", "127.0.0.1:0")
            .env("RUST_BACKTRACE", "1")
            .current_dir(self.folder.path())
            .args(args)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command, which has to end by itself.
    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command says that works.
    pub fn says(&self, args: &[impl AsRef<OsStr>]) -> String {
        let output = self.run(args);
        let complaint = text(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        assert_eq!(complaint, "", "it complains, and works");
        text(&output.stdout)
    }

    /// What a command complains about that doesn't work: the exit code, and its one line. What is
    /// this test's own is left out.
    pub fn complains(&self, args: &[impl AsRef<OsStr>]) -> String {
        self.complaint(self.command(args))
    }

    /// The same, of a command that was given more.
    pub fn complaint(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        let stderr = text(&output.stderr);
        let lines: Vec<_> = stderr.lines().collect();
        let [line] = lines[..] else {
            panic!("it isn't one line: {stderr}");
        };
        let code = output.status.code().expect("it was killed");
        assert_eq!(
            text(&output.stdout),
            "",
            "it says something, and fails: {line}"
        );
        let folder = self.folder.path().display().to_string();
        format!("{code}: {}", line.replace(&folder, "FOLDER"))
    }

    /// Starts a server.
    pub fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve"]))
    }
}

impl Serving {
    /// Starts a server, and waits until it serves.
    pub fn start(mut command: Command) -> Self {
        command.stderr(Stdio::null());
        Self::start_as_it_is(command)
    }

    /// The same; its log goes where the command says.
    pub fn start_as_it_is(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let (_, address) = line
            .trim_end()
            .split_once("Ringside is running at ")
            .and_then(|(_, url)| url.split_once("://"))
            .unwrap_or_else(|| panic!("it doesn't serve: {line:?}"));
        Self {
            address: address.to_owned(),
            process,
            stdout,
        }
    }

    /// Returns the process's id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells it to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        let told = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(told.success());
    }

    /// Waits until it has stopped; its exit code, and what else it said.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Puts a file where a folder is meant to be: a place that not even root can write to.
pub fn below_a_file(ringside: &Ringside) -> PathBuf {
    ringside.file("file", "not a folder").join("data")
}

/// Takes the right to write away from everybody but root. Whether that changes anything.
pub fn make_read_only(folder: &Path) -> bool {
    let mut permissions = fs::metadata(folder).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(folder, permissions).unwrap();
    fs::write(folder.join("probe"), "").is_err()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
