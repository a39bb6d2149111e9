//! Accounts and sessions from the shell, while a server runs.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use insta::assert_snapshot;

use super::support::{Ringside, ServerProcess};

const PASSWORD: &str = "correct horse battery";

/// Returns a data folder with the owner Olga and the author ann.
fn with_two_accounts() -> Ringside {
    let ringside = Ringside::new();
    let password = ringside.file("password", PASSWORD);
    let file = password.to_str().unwrap();
    for (name, role) in [("Olga", "owner"), ("ann", "author")] {
        ringside.stdout_of(&[
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

/// Returns the output of a list, with each time replaced by `TIME`.
fn list(ringside: &Ringside, args: &[&str]) -> String {
    let hide_times = |line: &str| {
        let words = line.split(' ').map(|word| match word {
            time if time.ends_with('Z') => "TIME",
            other => other,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let list = ringside.stdout_of(args);
    list.lines().map(hide_times).collect::<Vec<_>>().join("\n")
}

/// Sends a request, and returns the whole response.
fn request(server: &ServerProcess, head: &str, body: &str) -> String {
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

/// Logs in as ann, and returns the response.
fn log_in(server: &ServerProcess, password: &str) -> String {
    let head = "POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let body = format!("username=ann&password={}", password.replace(' ', "+"));
    request(server, head, &body)
}

/// Logs in as ann, and returns the cookie of the new session.
fn session(server: &ServerProcess, password: &str) -> String {
    let response = log_in(server, password);
    let (_, cookie) = response
        .split_once("ringside_session=")
        .unwrap_or_else(|| panic!("{response}"));
    format!("ringside_session={}", cookie.split(';').next().unwrap())
}

/// Returns the status line of the desk with this cookie.
fn desk(server: &ServerProcess, cookie: &str) -> String {
    let head = format!("GET /desk HTTP/1.1\r\nCookie: {cookie}\r\n");
    let response = request(server, &head, "");
    response.lines().next().unwrap().to_owned()
}

/// Returns the status line of the API's list of entries with this token.
fn api(server: &ServerProcess, token: &str) -> String {
    let head = format!("GET /api/v1/entries HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    let response = request(server, &head, "");
    response.lines().next().unwrap().to_owned()
}

const OPEN: &str = "HTTP/1.1 200 OK";
const LOGGED_OUT: &str = "HTTP/1.1 303 See Other";
const UNAUTHORIZED: &str = "HTTP/1.1 401 Unauthorized";

#[test]
fn running_server_applies_each_change_to_the_next_request() {
    let ringside = with_two_accounts();
    let server = ringside.serve();
    let cookie = session(&server, PASSWORD);
    let created = ringside.stdout_of(&["token", "create", "--account", "ann"]);
    let token = created.lines().last().unwrap();
    assert_eq!(desk(&server, &cookie), OPEN);
    assert_eq!(api(&server, token), OPEN);

    // A reader has no desk, but can still log in.
    assert_snapshot!(ringside.stdout_of(&["account", "role", "--name", "ANN", "--role", "reader"]), @"Changed the role of ann to reader.");
    assert_eq!(desk(&server, &cookie), "HTTP/1.1 403 Forbidden");
    assert_snapshot!(ringside.stdout_of(&["account", "role", "--name", "ann", "--role", "editor"]), @"Changed the role of ann to editor.");
    assert_eq!(desk(&server, &cookie), OPEN);

    assert_snapshot!(ringside.stdout_of(&["account", "disable", "--name", "Ann"]), @"Disabled ann; 1 session and 1 token ended.");
    assert_eq!(desk(&server, &cookie), LOGGED_OUT);
    assert_eq!(api(&server, token), UNAUTHORIZED);
    assert!(log_in(&server, PASSWORD).starts_with(UNAUTHORIZED));
    assert_snapshot!(list(&ringside, &["account", "list"]), @r"
    ann  editor  disabled  TIME
    Olga  owner  enabled  TIME
    ");
    assert_snapshot!(ringside.error_of(&["token", "create", "--account", "ann"]), @"1: ringside: This account is disabled. Enable it before you create a token for it.");

    assert_snapshot!(ringside.stdout_of(&["account", "enable", "--name", "ann"]), @"Enabled ann.");
    assert_eq!(
        desk(&server, &cookie),
        LOGGED_OUT,
        "the old session is valid again"
    );
    assert_eq!(
        api(&server, token),
        UNAUTHORIZED,
        "the old token is valid again"
    );

    let cookie = session(&server, PASSWORD);
    let fresh = ringside.file("fresh", "a fresh one, please\nsecond line");
    let fresh = fresh.to_str().unwrap();
    assert_snapshot!(ringside.stdout_of(&["account", "password", "--name", "ann", "--password-file", fresh]), @"Changed the password of ann; 1 session ended.");
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
    assert_snapshot!(ringside.stdout_of(&["session", "end", "--id", "2"]), @"Ended session 2.");
    assert_snapshot!(ringside.error_of(&["session", "end", "--id", "2"]), @"2: ringside: There is no such session.");
    let open = cookies.each_ref().map(|cookie| desk(&server, cookie));
    assert_eq!(open, [OPEN, LOGGED_OUT, OPEN]);
    assert_snapshot!(list(&ringside, &["session", "list", "--name", "ANN"]), @r"
       3  ann  TIME  TIME
       1  ann  TIME  TIME
    ");
    assert_snapshot!(ringside.stdout_of(&["session", "end", "--name", "ann"]), @"Ended 2 sessions of ann.");
    let open = cookies.each_ref().map(|cookie| desk(&server, cookie));
    assert_eq!(open, [LOGGED_OUT; 3]);
}

#[test]
fn last_enabled_owner_cannot_be_disabled_or_demoted() {
    let ringside = with_two_accounts();
    assert_snapshot!(ringside.error_of(&["account", "disable", "--name", "olga"]), @"1: ringside: This is the last enabled owner. Make another account an owner first.");
    assert_snapshot!(ringside.error_of(&["account", "role", "--name", "olga", "--role", "reader"]), @"1: ringside: This is the last enabled owner. Make another account an owner first.");
    ringside.stdout_of(&["account", "role", "--name", "ann", "--role", "owner"]);
    assert_snapshot!(ringside.stdout_of(&["account", "disable", "--name", "olga"]), @"Disabled Olga; 0 sessions and 0 tokens ended.");
}

#[test]
fn invalid_changes_are_reported_in_one_line() {
    let ringside = with_two_accounts();
    let weak = ringside.file("weak", "Password2026!");
    let weak = weak.to_str().unwrap();
    for command in ["disable", "enable"] {
        let error = ringside.error_of(&["account", command, "--name", "bob"]);
        assert_eq!(error, "2: ringside: There is no such account.");
    }
    assert_snapshot!(ringside.error_of(&["account", "role", "--name", "bob", "--role", "owner"]), @"2: ringside: There is no such account.");
    assert_snapshot!(ringside.error_of(&["account", "password", "--name", "ann", "--password-file", weak]), @"2: ringside: This password is easy to guess. Choose a different one, such as several unrelated words.");
    assert_snapshot!(ringside.error_of(&["account", "create", "--name", "bob", "--password-file", weak]), @"2: ringside: This password is easy to guess. Choose a different one, such as several unrelated words.");
    assert_snapshot!(ringside.error_of(&["session", "list", "--name", "bob"]), @"2: ringside: There is no such account.");
    assert_snapshot!(ringside.error_of(&["session", "end"]), @"2: ringside: the following required arguments were not provided: <--name <NAME>|--id <ID>> (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["session", "end", "--id", "1", "--name", "ann"]), @"2: ringside: the argument '--id <ID>' cannot be used with '--name <NAME>' (see ringside --help)");
}

#[test]
fn links_and_deletions_take_effect_on_a_running_server() {
    let ringside = with_two_accounts();
    let server = ringside.serve();
    let get = |url: &str| {
        let (_, path) = url.split_once("//").unwrap().1.split_once('/').unwrap();
        let head = format!("GET /{path} HTTP/1.1\r\n");
        let response = request(&server, &head, "");
        response.lines().next().unwrap().to_owned()
    };
    let invited = ringside.stdout_of(&["account", "invite", "--role", "reader"]);
    let link = invited.lines().last().unwrap();
    assert!(link.contains("/invite/"), "{invited}");
    assert_eq!(get(link), OPEN);

    let reset = ringside.stdout_of(&["account", "reset-link", "--name", "ann"]);
    let link = reset.lines().last().unwrap();
    assert!(link.contains("/reset/"), "{reset}");
    assert_eq!(get(link), OPEN);

    let cookie = session(&server, PASSWORD);
    assert_snapshot!(ringside.stdout_of(&["account", "delete", "--name", "Ann"]), @"Deleted ann; 0 messages cleared.");
    assert_eq!(desk(&server, &cookie), LOGGED_OUT);
    assert_eq!(get(link), "HTTP/1.1 404 Not Found");
    assert_snapshot!(list(&ringside, &["account", "list"]), @"Olga  owner  enabled  TIME");
    assert_snapshot!(ringside.error_of(&["account", "delete", "--name", "olga"]), @"1: ringside: This is the last enabled owner. Make another account an owner first.");
}
