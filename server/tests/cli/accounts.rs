//! Accounts and sessions from the shell, while a server runs.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use insta::assert_snapshot;

use super::support::{Ringside, Serving};

const PASSWORD: &str = "correct horse battery";

/// A data folder with an owner named Olga and an author named ann.
fn with_two_accounts() -> Ringside {
    let ringside = Ringside::new();
    let password = ringside.file("password", PASSWORD);
    let file = password.to_str().unwrap();
    for (name, role) in [("Olga", "owner"), ("ann", "author")] {
        ringside.says(&[
            "account",
            "create",
            "--name",
            name,
            "--role",
            role,
            "--password-file",
            file,
        ]);
    }
    ringside
}

/// What a list prints, each time in it as `TIME`.
fn list(ringside: &Ringside, args: &[&str]) -> String {
    let hide_times = |line: &str| {
        let words = line.split(' ').map(|word| match word {
            time if time.ends_with('Z') => "TIME",
            other => other,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let list = ringside.says(args);
    list.lines().map(hide_times).collect::<Vec<_>>().join("\n")
}

/// Sends a request, and returns the whole response.
fn request(server: &Serving, head: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "{head}Host: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.address,
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    response
}

/// The response to a login as ann.
fn log_in(server: &Serving, password: &str) -> String {
    let head = "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let body = format!("username=ann&password={}", password.replace(' ', "+"));
    request(server, head, &body)
}

/// The cookie of a new session of ann's.
fn session(server: &Serving, password: &str) -> String {
    let entered = log_in(server, password);
    let (_, cookie) = entered
        .split_once("ringside_session=")
        .unwrap_or_else(|| panic!("{entered}"));
    format!("ringside_session={}", cookie.split(';').next().unwrap())
}

/// The status of the desk's page, with this cookie.
fn desk(server: &Serving, cookie: &str) -> String {
    let head = format!("GET /desk HTTP/1.1\r\nCookie: {cookie}\r\n");
    let response = request(server, &head, "");
    response.lines().next().unwrap().to_owned()
}

/// The status of the program's list of entries, with this token.
fn program(server: &Serving, token: &str) -> String {
    let head = format!("GET /api/v1/entries HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    let response = request(server, &head, "");
    response.lines().next().unwrap().to_owned()
}

const OPEN: &str = "HTTP/1.1 200 OK";
const LOGGED_OUT: &str = "HTTP/1.1 303 See Other";
const UNAUTHORIZED: &str = "HTTP/1.1 401 Unauthorized";

#[test]
fn a_running_server_honours_each_change_with_the_next_request() {
    let ringside = with_two_accounts();
    let server = ringside.serve();
    let cookie = session(&server, PASSWORD);
    let created = ringside.says(&["token", "create", "--account", "ann"]);
    let token = created.lines().last().unwrap();
    assert_eq!(desk(&server, &cookie), OPEN);
    assert_eq!(program(&server, token), OPEN);

    // A reader has no desk, and may still log in.
    assert_snapshot!(ringside.says(&["account", "role", "--name", "ANN", "--role", "reader"]), @"Changed the role of ann to reader.");
    assert_eq!(desk(&server, &cookie), "HTTP/1.1 403 Forbidden");
    assert_snapshot!(ringside.says(&["account", "role", "--name", "ann", "--role", "editor"]), @"Changed the role of ann to editor.");
    assert_eq!(desk(&server, &cookie), OPEN);

    assert_snapshot!(ringside.says(&["account", "disable", "--name", "Ann"]), @"Disabled ann; 1 session and 1 token ended.");
    assert_eq!(desk(&server, &cookie), LOGGED_OUT);
    assert_eq!(program(&server, token), UNAUTHORIZED);
    assert!(log_in(&server, PASSWORD).starts_with(UNAUTHORIZED));
    assert_snapshot!(list(&ringside, &["account", "list"]), @r"
    ann  editor  disabled  TIME
    Olga  owner  enabled  TIME
    ");
    assert_snapshot!(ringside.complains(&["token", "create", "--account", "ann"]), @"1: ringside: This account is disabled. Enable it before you create a token for it.");

    assert_snapshot!(ringside.says(&["account", "enable", "--name", "ann"]), @"Enabled ann.");
    assert_eq!(
        desk(&server, &cookie),
        LOGGED_OUT,
        "the old session is back"
    );
    assert_eq!(
        program(&server, token),
        UNAUTHORIZED,
        "the old token is back"
    );

    let cookie = session(&server, PASSWORD);
    let fresh = ringside.file("fresh", "a fresh one, please\nsecond line");
    let fresh = fresh.to_str().unwrap();
    assert_snapshot!(ringside.says(&["account", "password", "--name", "ann", "--password-file", fresh]), @"Changed the password of ann; 1 session ended.");
    assert_eq!(desk(&server, &cookie), LOGGED_OUT);
    assert!(log_in(&server, PASSWORD).starts_with(UNAUTHORIZED));
    let cookie = session(&server, "a fresh one, please");
    assert_eq!(desk(&server, &cookie), OPEN);
}

#[test]
fn sessions_are_listed_and_ended() {
    let ringside = with_two_accounts();
    let server = ringside.serve();
    let cookies = [(); 3].map(|()| session(&server, PASSWORD));
    assert_snapshot!(list(&ringside, &["session", "list"]), @r"
       3  ann  TIME  TIME
       2  ann  TIME  TIME
       1  ann  TIME  TIME
    ");
    assert_eq!(list(&ringside, &["session", "list", "--name", "olga"]), "");
    assert_snapshot!(ringside.says(&["session", "end", "--id", "2"]), @"Ended session 2.");
    assert_snapshot!(ringside.complains(&["session", "end", "--id", "2"]), @"2: ringside: There is no such session.");
    let open = cookies.each_ref().map(|cookie| desk(&server, cookie));
    assert_eq!(open, [OPEN, LOGGED_OUT, OPEN]);
    assert_snapshot!(list(&ringside, &["session", "list", "--name", "ANN"]), @r"
       3  ann  TIME  TIME
       1  ann  TIME  TIME
    ");
    assert_snapshot!(ringside.says(&["session", "end", "--name", "ann"]), @"Ended 2 sessions of ann.");
    let open = cookies.each_ref().map(|cookie| desk(&server, cookie));
    assert_eq!(open, [LOGGED_OUT; 3]);
}

#[test]
fn the_last_enabled_owner_cannot_be_taken_away() {
    let ringside = with_two_accounts();
    assert_snapshot!(ringside.complains(&["account", "disable", "--name", "olga"]), @"1: ringside: This is the last enabled owner. Make another account an owner first.");
    assert_snapshot!(ringside.complains(&["account", "role", "--name", "olga", "--role", "reader"]), @"1: ringside: This is the last enabled owner. Make another account an owner first.");
    ringside.says(&["account", "role", "--name", "ann", "--role", "owner"]);
    assert_snapshot!(ringside.says(&["account", "disable", "--name", "olga"]), @"Disabled Olga; 0 sessions and 0 tokens ended.");
}

#[test]
fn mistakes_in_a_change_are_one_line() {
    let ringside = with_two_accounts();
    let weak = ringside.file("weak", "Password2026!");
    let weak = weak.to_str().unwrap();
    for command in ["disable", "enable"] {
        let complaint = ringside.complains(&["account", command, "--name", "bob"]);
        assert_eq!(complaint, "2: ringside: There is no such account.");
    }
    assert_snapshot!(ringside.complains(&["account", "role", "--name", "bob", "--role", "owner"]), @"2: ringside: There is no such account.");
    assert_snapshot!(ringside.complains(&["account", "password", "--name", "ann", "--password-file", weak]), @"2: ringside: This password is easy to guess. Choose a different one, such as several unrelated words.");
    assert_snapshot!(ringside.complains(&["account", "create", "--name", "bob", "--password-file", weak]), @"2: ringside: This password is easy to guess. Choose a different one, such as several unrelated words.");
    assert_snapshot!(ringside.complains(&["session", "list", "--name", "bob"]), @"2: ringside: There is no such account.");
    assert_snapshot!(ringside.complains(&["session", "end"]), @"2: ringside: the following required arguments were not provided: <--name <NAME>|--id <ID>> (see ringside --help)");
    assert_snapshot!(ringside.complains(&["session", "end", "--id", "1", "--name", "ann"]), @"2: ringside: the argument '--id <ID>' cannot be used with '--name <NAME>' (see ringside --help)");
}
