//! Helpers that run the binary.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

/// The binary, with a data folder of the test's own.
pub struct Ringside {
    folder: TempDir,
}

/// A running server process. Killed when dropped, if it is still running.
pub struct ServerProcess {
    /// The address that the server printed, such as `127.0.0.1:41234`.
    pub address: String,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Ringside {
    /// Returns the binary with a data folder that does not exist yet.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Writes a file next to the data folder, and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    /// Returns the path of the data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns the database URL.
    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.data().join("ringside.db").display())
    }

    /// Executes `sql` in the database, which must exist.
    pub async fn execute(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.database_url()).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Returns a command with these arguments, to which a test can add more.
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

    /// Runs a command until it exits.
    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command, and returns what it prints.
    ///
    /// # Panics
    /// If the command fails or prints to standard error.
    pub fn stdout_of(&self, args: &[impl AsRef<OsStr>]) -> String {
        let output = self.run(args);
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr, "", "the command succeeded, but printed an error");
        text(&output.stdout)
    }

    /// Runs a command that must fail, and returns its exit code and its one line of standard error.
    /// The path of the test's folder is replaced by `FOLDER`.
    pub fn error_of(&self, args: &[impl AsRef<OsStr>]) -> String {
        self.error_of_command(self.command(args))
    }

    /// Like [`Self::error_of`], for a command that a test has changed.
    pub fn error_of_command(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        let stderr = text(&output.stderr);
        let lines: Vec<_> = stderr.lines().collect();
        let [line] = lines[..] else {
            panic!("expected one line: {stderr}");
        };
        let code = output.status.code().expect("the command was killed");
        assert_eq!(
            text(&output.stdout),
            "",
            "the command failed, but printed a result: {line}"
        );
        let folder = self.folder.path().display().to_string();
        format!("{code}: {}", line.replace(&folder, "FOLDER"))
    }

    /// Starts a server, and waits until it serves.
    pub fn serve(&self) -> ServerProcess {
        ServerProcess::start(self.command(&["serve"]))
    }
}

impl ServerProcess {
    /// Starts a server, and waits until it serves.
    pub fn start(mut command: Command) -> Self {
        command.stderr(Stdio::null());
        Self::start_with_log(command)
    }

    /// Like [`Self::start`], but keeps the standard error of `command`, to which the server logs.
    pub fn start_with_log(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let (_, address) = line
            .trim_end()
            .split_once("Ringside is running at ")
            .and_then(|(_, url)| url.split_once("://"))
            .unwrap_or_else(|| panic!("the server did not start: {line:?}"));
        Self {
            address: address.to_owned(),
            process,
            stdout,
        }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends SIGTERM, as a supervisor does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends the signal `name`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until the server has stopped. Returns its exit code, and the rest of its standard
    /// output.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        (self.process.wait().unwrap().code(), stdout)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a path inside a file, where not even root can create a folder.
pub fn below_a_file(ringside: &Ringside) -> PathBuf {
    ringside.file("file", "not a folder").join("data")
}

/// Makes a folder read-only. Returns whether that has an effect: root can still write.
pub fn make_read_only(folder: &Path) -> bool {
    let mut permissions = fs::metadata(folder).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(folder, permissions).unwrap();
    fs::write(folder.join("probe"), "").is_err()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
