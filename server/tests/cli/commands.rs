//! Creating accounts and entries from the shell.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use insta::assert_snapshot;

use super::support::{Ringside, ServerProcess};

/// Returns the arguments of `account create`.
fn account<'a>(name: &'a str, role: &'a str, password_file: &'a Path) -> [&'a str; 8] {
    let file = password_file.to_str().unwrap();
    [
        "account",
        "create",
        "--name",
        name,
        "--role",
        role,
        "--password-file",
        file,
    ]
}

/// Editors on Windows write a byte order mark before the password, and CR LF after it.
#[test]
fn password_file_from_windows_contains_the_plain_password() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "\u{feff}correct horse battery\r\n");
    ringside.stdout_of(&account("win", "author", &password));
    let server = ringside.serve();
    assert_eq!(log_in(&server, "correct+horse+battery"), "HTTP/1.0 303");
    assert_eq!(
        log_in(&server, "%EF%BB%BFcorrect+horse+battery"),
        "HTTP/1.0 401"
    );
}

/// Logs in as `win`, and returns the status line.
fn log_in(server: &ServerProcess, password: &str) -> String {
    let form = format!("next=&username=win&password={password}");
    let mut connection = TcpStream::connect(&server.address).unwrap();
    write!(
        connection,
        "POST /login HTTP/1.0\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        server.address,
        form.len()
    )
    .unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    response[.."HTTP/1.0 303".len()].to_owned()
}

#[tokio::test]
async fn updates_of_another_release_are_rerendered() {
    let ringside = Ringside::new();
    assert_snapshot!(ringside.stdout_of(&["rerender"]), @"All updates were already rendered by this release.");

    let password = ringside.file("password", "correct horse battery");
    ringside.stdout_of(&account("ann", "owner", &password));
    ringside.stdout_of(&entry(&["--title", "Final", "--state", "live"]));
    ringside.execute(
        "INSERT INTO updates (entry_id, author_id, rev, source, html, posted_at, markup_version)
         SELECT e.id, a.id, e.rev, '*Goal*', '<p>Goal</p>', 0, 0 FROM entries e, accounts a",
    ).await;
    assert_snapshot!(ringside.stdout_of(&["rerender"]), @"Rendered 1 of 1 updates; 1 changed.");
    assert_snapshot!(ringside.stdout_of(&["rerender"]), @"All updates were already rendered by this release.");
}

/// Returns the arguments of `entry create` with these flags.
fn entry<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    ["entry", "create"].iter().chain(flags).copied().collect()
}

#[test]
fn room_is_created_once() {
    let ringside = Ringside::new();
    let room = |name, title| ["room", "create", "--name", name, "--title", title];
    assert_snapshot!(ringside.stdout_of(&room("lobby", "The lobby")), @"http://127.0.0.1:0/rooms/lobby");
    assert_snapshot!(ringside.error_of(&room("lobby", "Again")), @"2: ringside: Another room already has this name. Choose a different one.");
    assert_snapshot!(ringside.error_of(&room("entry-1", "x")), @"2: ringside: Names that begin with entry- are reserved for the chats of live blogs. Choose a different one.");
    assert_snapshot!(ringside.error_of(&room("Lobby", "x")), @"2: ringside: The name of a room can contain only lowercase letters a to z, digits, hyphens and underscores. It contains “L” at character 1.");
    assert_snapshot!(ringside.error_of(&room("other", "")), @"2: ringside: The title is missing.");
}

#[test]
fn account_is_created_once() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "correct horse battery\nsecond line");
    let owner = account("ann", "owner", &password);
    assert_snapshot!(ringside.stdout_of(&owner), @"Created the owner ann.");
    assert_snapshot!(ringside.error_of(&owner), @"2: ringside: Another account already has this username. Choose a different one.");
    assert_snapshot!(ringside.error_of(&account("ANN", "author", &password)), @"2: ringside: Another account already has this username. Choose a different one.");
    assert_snapshot!(ringside.stdout_of(&account("bob", "reader", &password)), @"Created the reader bob.");
}

#[test]
fn invalid_account_is_reported() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "correct horse battery");
    let short = ringside.file("short", "short\nbut more below, which does not count");
    let empty = ringside.file("empty", "");
    let long = ringside.file("long", "x".repeat(1_000_000));
    let noise = ringside.file("noise", b"\xff\xfe\x00\x01");
    let error_of = |name, password| ringside.error_of(&account(name, "author", password));
    assert_snapshot!(error_of("ann", Path::new("/no/such/file")), @"2: ringside: /no/such/file can't be read: No such file or directory (os error 2).");
    assert_snapshot!(error_of("ann", Path::new("/")), @"2: ringside: / can't be read: Is a directory (os error 21).");
    assert_snapshot!(error_of("ann", &short), @"2: ringside: The password needs at least 10 characters.");
    assert_snapshot!(error_of("ann", &empty), @"2: ringside: The password needs at least 10 characters.");
    assert_snapshot!(error_of("ann", &long), @"2: ringside: The password can have at most 200 characters.");
    assert_snapshot!(error_of("ann", &noise), @"2: ringside: FOLDER/noise can't be read: stream did not contain valid UTF-8.");
    assert_snapshot!(error_of("", &password), @"2: ringside: The username is missing.");
    assert_snapshot!(error_of("a b", &password), @"2: ringside: The username can contain only letters, digits, dots, hyphens and underscores. It contains a space at character 2.");
    assert_snapshot!(ringside.error_of(&account("ann", "king", &password)), @"2: ringside: invalid value 'king' for '--role <ROLE>': The role must be one of: owner editor author reader (see ringside --help)");
    assert!(!ringside.data().exists(), "invalid data was stored");
}

#[test]
fn entry_is_created_once() {
    let ringside = Ringside::new();
    let created = ringside.stdout_of(&entry(&[
        "--title",
        "Election night",
        "--public-url",
        "https://live.example.org/",
    ]));
    assert_snapshot!(created, @"https://live.example.org/entries/election-night");
    assert_snapshot!(ringside.error_of(&entry(&["--title", "Election night", "--slug", "election-night"])), @"2: ringside: Another live blog already has this slug. Choose a different one.");
    assert_snapshot!(ringside.stdout_of(&entry(&["--title", "Election night", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/election-night-2");
    assert_snapshot!(ringside.stdout_of(&entry(&["--title", "\u{feff}Størst i\r\nÅlesund", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/storst-i-alesund");
    assert_snapshot!(ringside.stdout_of(&entry(&["--title", "…", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/live-4");
    assert_snapshot!(ringside.stdout_of(&entry(&["--title", "Election night", "--slug", "the-count", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/the-count");
}

#[test]
fn invalid_entry_is_reported() {
    let ringside = Ringside::new();
    let long = "x".repeat(10_000);
    let error_of = |flags: &[&str]| ringside.error_of(&entry(flags));
    assert_snapshot!(error_of(&[]), @"2: ringside: the following required arguments were not provided: --title <TITLE> (see ringside --help)");
    assert_snapshot!(error_of(&["--title", ""]), @"2: ringside: The title is missing.");
    assert_snapshot!(error_of(&["--title", &long]), @"2: ringside: The title has 10000 characters; the maximum is 200.");
    assert_snapshot!(error_of(&["--title", "\u{3164}"]), @"2: ringside: The title contains only invisible characters, such as U+3164 at character 1.");
    assert_snapshot!(error_of(&["--title", "A", "--slug", "Not_An_Address"]), @"2: ringside: The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains “N” at character 1.");
    assert_snapshot!(error_of(&["--title", "A", "--time-zone", "Mars/Olympus"]), @"2: ringside: There is no such time zone. Enter one such as Europe/Paris or UTC.");
    assert_snapshot!(error_of(&["--title", "A", "--language", "english"]), @"2: ringside: There is no such language tag. Enter one such as en, ar or pt-BR.");
    assert_snapshot!(error_of(&["--title", "A", "--state", "sideways"]), @"2: ringside: invalid value 'sideways' for '--state <STATE>': The state must be one of: draft upcoming live ended (see ringside --help)");
    assert_snapshot!(error_of(&["--title", "A", "--order", "sideways"]), @"2: ringside: invalid value 'sideways' for '--order <ORDER>': The order must be one of: oldest latest (see ringside --help)");
    assert_snapshot!(error_of(&["--title", "A", "--public-url", "nowhere"]), @"2: ringside: invalid value 'nowhere' for '--public-url <URL>': it must be like https://live.example.org, a scheme and a host (see ringside --help)");
    assert!(!ringside.data().exists(), "invalid data was stored");
}
