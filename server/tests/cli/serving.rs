//! A server, from its start to its end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::support::{Ringside, Serving};

/// Asks for `path`, and answers all that comes.
fn get(server: &Serving, path: &str) -> String {
    let mut answer = String::new();
    ask(server, path).read_to_string(&mut answer).unwrap();
    answer
}

/// HTTP/1.0: what comes is not in chunks, and the server closes the connection after it.
fn ask(server: &Serving, path: &str) -> BufReader<TcpStream> {
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
fn it_prints_the_link_that_makes_the_owner() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let address = server.address.clone();
    assert!(get(&server, "/healthz").ends_with("ok"));
    server.terminate();
    let (code, said) = server.wait();
    assert_eq!(code, Some(0));
    let start = format!(
        "No owner account exists yet. Open this link to create it:\n\n    http://{address}/setup?token="
    );
    let token = said
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{said}"));
    assert!(token.trim_end().len() >= 40, "{said}");

    // It is another one each time, and gone once there is an owner.
    let server = ringside.serve();
    assert!(
        get(&server, &format!("/setup?token={}", token.trim_end())).starts_with("HTTP/1.0 403")
    );
    let password = ringside.file("password", "correct horse battery");
    let password = password.to_str().unwrap();
    ringside.says(&[
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
fn what_a_command_writes_appears_on_a_running_server() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let mut stream = ask(&server, "/feed/all/stream");
    ringside.says(&[
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
fn it_says_goodbye_to_every_reader_and_leaves_at_once() {
    let ringside = Ringside::new();
    ringside.says(&["entry", "create", "--title", "Final", "--state", "live"]);
    let server = ringside.serve();
    let mut readers: Vec<_> = (0..50)
        .map(|reader| {
            let feed = if reader % 2 == 0 { "1" } else { "all" };
            let mut stream = ask(&server, &format!("/feed/{feed}/stream"));
            let mut line = String::new();
            while !line.starts_with("event: heartbeat") {
                line.clear();
                assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
            }
            stream
        })
        .collect();
    let told = Instant::now();
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
    let took = told.elapsed();
    assert!(took < Duration::from_secs(2), "it took {took:?}");
}

#[test]
fn a_request_under_way_does_not_hold_it_up() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection
        .write_all(b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nusern")
        .unwrap();
    assert!(get(&server, "/healthz").ends_with("ok"));
    let told = Instant::now();
    server.terminate();
    assert_eq!(server.wait().0, Some(0));
    let took = told.elapsed();
    assert!(took < Duration::from_secs(2), "it took {took:?}");
}

#[test]
fn two_servers_do_not_share_an_address() {
    let ringside = Ringside::new();
    let server = ringside.serve();
    let complaint = ringside.complains(&["serve", "--addr", &server.address]);
    assert!(
        complaint.contains("another program is using it"),
        "{complaint}"
    );
    assert!(get(&server, "/readyz").ends_with("ready"));
}

/// The log of a server that served one request, with this flag.
fn log_of(ringside: &Ringside, request: &str) -> String {
    let log = ringside.file("log", "");
    let mut command = ringside.command(&["serve", "--log", "debug"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let server = Serving::start_as_it_is(command);
    let mut connection = TcpStream::connect(&server.address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    server.terminate();
    server.wait();
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn the_log_in_a_file_has_no_colours() {
    let log = log_of(&Ringside::new(), "GET / HTTP/1.0\r\n\r\n");
    assert!(log.contains("INFO") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_proxy_that_is_not_trusted_is_warned_of_once() {
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.1\r\n\r\n\
        GET /healthz HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.2\r\nconnection: close\r\n\r\n";
    let log = log_of(&Ringside::new(), request);
    assert_eq!(log.matches("RINGSIDE_TRUSTED_PROXIES").count(), 1, "{log}");
}

#[cfg(unix)]
#[test]
fn data_is_for_its_own_user_alone() {
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
    // What was made before is warned of.
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(ringside.data(), open).unwrap();
    let log = log_of(&ringside, request);
    assert!(
        log.contains("other users of this machine can read"),
        "{log}"
    );
}
