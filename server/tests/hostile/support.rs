//! A server with few file descriptors and little memory, and clients that send arbitrary bytes.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use super::ringside::{Ringside, ServerProcess};

/// The limit of the server's open files: the default of many systems.
pub const FILES: usize = 1_024;
/// The connections that the server allows then, in total and from one address; see `open_files`.
pub const CONNECTIONS: usize = 768;
pub const CONNECTIONS_PER_ADDRESS: usize = 672;
/// The limit of the server's memory, in KiB: that of the smallest virtual machines.
const MAX_MEMORY_KIB: u64 = 256 * 1024;
/// The timeout of every operation, for a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A server with few file descriptors and little memory, and the live entry `/entries/final`.
pub struct Target {
    address: SocketAddr,
    server: ServerProcess,
    started: Instant,
    token: String,
    log: PathBuf,
    _ringside: Ringside,
    // Must be dropped after the server.
    _memory: Option<MemoryLimit>,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// The head and the body.
    pub text: String,
}

impl Target {
    /// Starts a server with few file descriptors, little memory and these flags.
    pub fn start(flags: &[&str]) -> Self {
        // An attack needs more file descriptors than a test process has by default.
        rlimit::increase_nofile_limit(u64::MAX).unwrap();
        let ringside = Ringside::new();
        let password = ringside.file("password", "correct horse battery");
        let password = password.to_str().unwrap();
        let account = ["account", "create", "--name", "ann", "--role", "owner"];
        ringside.stdout_of(&[&account[..], &["--password-file", password]].concat());
        ringside.stdout_of(&["entry", "create", "--title", "Final", "--state", "live"]);
        let created =
            ringside.stdout_of(&["token", "create", "--account", "ann", "--name", "ticker"]);
        let token = created.lines().last().unwrap().to_owned();

        let log = ringside.file("log", "");
        let arguments = [&["serve", "--log-format", "json"], flags].concat();
        let memory = MemoryLimit::create(MAX_MEMORY_KIB * 1024);
        let mut command = with_limits(&ringside.command(&arguments), memory.as_ref());
        command.stderr(File::create(&log).unwrap());
        let server = ServerProcess::start_with_log(command);
        Self {
            address: server.address.parse().unwrap(),
            server,
            started: Instant::now(),
            token,
            log,
            _ringside: ringside,
            _memory: memory,
        }
    }

    /// Connects from 127.0.0.`number`. The whole network 127.0.0.0/8 is this machine.
    pub fn connect(&self, number: u8) -> io::Result<TcpStream> {
        self.connect_with_buffer(number, None)
    }

    /// Like [`Self::connect`], with a receive buffer of the given number of bytes.
    pub fn connect_with_buffer(&self, number: u8, buffer: Option<usize>) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, number), 0));
        socket.bind(&address.into())?;
        socket.connect(&self.address.into())?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        Ok(stream)
    }

    /// Sends a request from 127.0.0.`number`, and returns the whole response.
    ///
    /// # Errors
    /// If the connection is closed without a response.
    pub fn request(
        &self,
        number: u8,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> io::Result<Response> {
        let mut connection = self.connect(number)?;
        // HTTP/1.0: the server closes the connection after its response.
        write!(
            connection,
            "{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(ErrorKind::UnexpectedEof)?;
        Ok(Response { status, text })
    }

    /// Posts an update, and waits until it is acknowledged.
    pub fn post(&self, source: &str) {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let key = LAST.fetch_add(1, Ordering::Relaxed);
        let headers = format!(
            "authorization: Bearer {}\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n",
            self.token
        );
        let body = format!("{{\"source\": \"{source}\"}}");
        let path = "/api/v1/entries/final/updates";
        eventually("a post is acknowledged", || {
            let response = self.request(1, "POST", path, &headers, &body);
            matches(response, 201, "")
        });
    }

    /// Asserts that another client is served: the health check, a post, and a page that shows the
    /// post.
    pub fn assert_serves(&self) {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let text = format!("Goal number {}!", LAST.fetch_add(1, Ordering::Relaxed));
        eventually("/healthz responds", || {
            matches(self.request(1, "GET", "/healthz", "", ""), 200, "ok")
        });
        self.post(&text);
        eventually("the page shows the post", || {
            matches(self.request(1, "GET", "/entries/final", "", ""), 200, &text)
        });
    }

    /// Asserts that the server never took more memory than a small machine has.
    pub fn assert_little_memory(&self) {
        let peak = self.status("VmHWM:");
        assert!(
            peak < MAX_MEMORY_KIB,
            "the server used {peak} KiB of memory"
        );
    }

    /// Asserts that the log contains `kind`, at most once a minute.
    pub fn assert_logged(&self, kind: &str) {
        let minutes = self.started.elapsed().as_secs() / 60;
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(kind)).count() as u64;
        assert!((1..=1 + minutes).contains(&lines), "{kind:?} in {log}");
    }

    /// Waits until the log contains `kind`.
    pub fn await_log(&self, kind: &str) {
        eventually(kind, || self.log().contains(kind));
    }

    /// Returns the server's log.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sets the limit of the server's open files.
    pub fn limit_files(&self, files: usize) {
        let server = i32::try_from(self.server.id()).unwrap();
        let limits = Some((files as u64, FILES as u64));
        rlimit::prlimit(server, rlimit::Resource::NOFILE, limits, None).unwrap();
    }

    /// Lets the server open no further sockets.
    pub fn limit_to_open_sockets(&self) {
        let folder = format!("/proc/{}/fd", self.server.id());
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        let is_socket = |file: &PathBuf| {
            // The file may have been closed meanwhile.
            fs::read_link(file).is_ok_and(|it| it.to_string_lossy().starts_with("socket:"))
        };
        let number = |file: PathBuf| file.file_name()?.to_str()?.parse().ok();
        let highest: usize = files.filter(is_socket).filter_map(number).max().unwrap();
        self.limit_files(highest + 1);
    }

    /// Returns a number from `/proc/PID/status` of the server's process.
    fn status(&self, name: &str) -> u64 {
        let file = format!("/proc/{}/status", self.server.id());
        let status = fs::read_to_string(file).expect("the server has exited");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.unwrap().parse().unwrap()
    }
}

/// A control group that limits the memory of its processes. Deleted when dropped.
struct MemoryLimit(PathBuf);

impl MemoryLimit {
    /// Creates a group with a limit of `bytes`. Returns `None` if the system does not allow it.
    fn create(bytes: u64) -> Option<Self> {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("ringside-test-{}-{number}", process::id());
        // Control groups version 1 and version 2.
        [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max"),
        ]
        .into_iter()
        .find_map(|(root, file)| {
            let folder = Path::new(root).join(&name);
            fs::create_dir(&folder).ok()?;
            let group = Self(folder);
            fs::write(group.0.join(file), bytes.to_string()).ok()?;
            Some(group)
        })
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        // Fails for as long as a process is in the group or its memory is being freed.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Returns the command with limits: few file descriptors (by the soft and the hard limit) and,
/// where the system allows it, little memory.
fn with_limits(command: &Command, memory: Option<&MemoryLimit>) -> Command {
    let mut limited = Command::new("sh");
    let join = memory.map_or_else(String::new, |group| {
        format!("echo $$ > '{}' && ", group.0.join("cgroup.procs").display())
    });
    let script = format!("{join}ulimit -n {FILES} && exec \"$0\" \"$@\"");
    limited
        .args(["-c", &script])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            limited.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// Returns whether the response has this status and contains `text`.
fn matches(response: io::Result<Response>, status: u16, text: &str) -> bool {
    response.is_ok_and(|response| response.status == status && response.text.contains(text))
}

/// Waits until `condition` returns true. `description` is for the error message.
pub fn eventually(description: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < DEADLINE,
            "timeout while waiting until {description}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Reads until the server closes the connection, and returns the data.
pub fn read_to_close(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match connection.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if is_closed(&error) => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns whether an error means that the server has closed the connection.
pub fn is_closed(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
    )
}

/// Reads a response's head, byte by byte, so that the body stays in the socket.
pub fn read_head(connection: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Returns a WebSocket frame as a client sends it, masked with zeros (RFC 6455, section 5.2).
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length <= 125, "longer frames need a different head");
    let head = [0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    [&head[..], payload].concat()
}

/// Returns the request that opens a WebSocket.
pub fn upgrade_request() -> String {
    let mut request = String::from("GET /ws HTTP/1.1\r\nhost: x\r\n");
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    request + "\r\n"
}
