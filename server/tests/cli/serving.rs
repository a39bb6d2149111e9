//! Running a server: start, serving, logs and shutdown.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::support::{Ringside, ServerProcess};

/// Requests `path`, and returns the whole response.
fn get(server: &ServerProcess, path: &str) -> String {
    let mut response = String::new();
    open(server, path).read_to_string(&mut response).unwrap();
    response
}

/// Requests `path`, and returns the connection, to read the response from.
///
/// Uses HTTP/1.0: the response is not chunked, and the server closes the connection after it.
fn open(server: &ServerProcess, path: &str) -> BufReader<TcpStream> {
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n",
        server.address
    )
    .unwrap();
    BufReader::new(connection)
}

#[test]
fn setup_link_is_printed_until_there_is_an_owner() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let address = server.address.clone();
    assert!(get(&server, "/healthz").ends_with("ok"));
    server.terminate();
    let (code, stdout) = server.wait();
    assert_eq!(code, Some(0));
    let start = format!(
        "No owner account exists yet. Open this link to create it:\n\n    http://{address}/setup?token="
    );
    let token = stdout
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{stdout}"));
    assert!(token.trim_end().len() >= 40, "{stdout}");

    // Each start prints a new link, until an owner exists.
    let server = ringside.serve();
    assert!(
        get(&server, &format!("/setup?token={}", token.trim_end())).starts_with("HTTP/1.0 403")
    );
    let password = ringside.file("password", "correct horse battery");
    let password = password.to_str().unwrap();
    ringside.stdout_of(&[
        "account",
        "create",
        "--name",
        "ann",
        "--role",
        "owner",
        "--password-file",
        password,
    ]);
    server.terminate();
    server.wait();
    let server = ringside.serve();
    server.terminate();
    assert_eq!(server.wait(), (Some(0), String::new()));
}

#[test]
fn entry_created_by_a_command_appears_on_a_running_server() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let mut stream = open(&server, "/feed/all/stream");
    ringside.stdout_of(&[
        "entry",
        "create",
        "--title",
        "Election night",
        "--state",
        "live",
    ]);
    let mut line = String::new();
    while !line.contains("Election night") {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
    }
    assert!(get(&server, "/entries/election-night").starts_with("HTTP/1.0 200"));
    assert!(get(&server, "/").contains("Election night"));
}

#[test]
fn shutdown_closes_every_stream_at_once() {
    let ringside = Ringside::new();
    ringside.stdout_of(&["entry", "create", "--title", "Final", "--state", "live"]);
    let server = ringside.serve();
    let mut readers: Vec<_> = (0..50)
        .map(|reader| {
            let feed = if reader % 2 == 0 { "1" } else { "all" };
            let mut stream = open(&server, &format!("/feed/{feed}/stream"));
            let mut line = String::new();
            while !line.starts_with("event: heartbeat") {
                line.clear();
                assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
            }
            stream
        })
        .collect();
    let terminated = Instant::now();
    server.terminate();
    for reader in &mut readers {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert!(
            rest.ends_with("event: bye\ndata: {\"ended\":false}\n\n"),
            "{rest:?}"
        );
    }
    let (code, _) = server.wait();
    assert_eq!(code, Some(0));
    let took = terminated.elapsed();
    assert!(took < Duration::from_secs(2), "the shutdown took {took:?}");
}

#[test]
fn unfinished_request_does_not_delay_the_shutdown() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection
        .write_all(b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nusern")
        .unwrap();
    assert!(get(&server, "/healthz").ends_with("ok"));
    let terminated = Instant::now();
    server.terminate();
    assert_eq!(server.wait().0, Some(0));
    let took = terminated.elapsed();
    assert!(took < Duration::from_secs(2), "the shutdown took {took:?}");
}

#[test]
fn second_server_on_the_same_address_fails() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let error = ringside.error_of(&["serve", "--addr", &server.address]);
    assert!(error.contains("another program is using it"), "{error}");
    assert!(get(&server, "/readyz").ends_with("ready"));
}

/// Starts a server, sends `request`, and returns the server's log.
fn log_of(ringside: &Ringside, request: &str) -> String {
    let log = ringside.file("log", "");
    let mut command = ringside.command(&["serve", "--log", "debug"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let server = ServerProcess::start_with_log(command);
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    server.terminate();
    server.wait();
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn log_in_a_file_has_no_colors() {
    let log = log_of(&Ringside::new(), "GET / HTTP/1.0\r\n\r\n");
    assert!(log.contains("INFO") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn untrusted_proxy_is_logged_once() {
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.1\r\n\r\n\
        GET /healthz HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.2\r\nconnection: close\r\n\r\n";
    let log = log_of(&Ringside::new(), request);
    assert_eq!(log.matches("RINGSIDE_TRUSTED_PROXIES").count(), 1, "{log}");
}

#[cfg(unix)]
#[test]
fn data_is_readable_by_its_owner_only() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let ringside = Ringside::new();
    let request = "GET /healthz HTTP/1.0\r\n\r\n";
    let log = log_of(&ringside, request);
    assert!(!log.contains("other users"), "{log}");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(ringside.data()), 0o700);
    let files: Vec<_> = fs::read_dir(ringside.data()).unwrap().collect();
    assert!(!files.is_empty());
    for file in files {
        let path = file.unwrap().path();
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
    // A data folder that was readable before causes a warning.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(ringside.data(), readable).unwrap();
    let log = log_of(&ringside, request);
    assert!(
        log.contains("other users of this machine can read"),
        "{log}"
    );
}
