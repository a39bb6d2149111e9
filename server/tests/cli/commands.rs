//! Making accounts and entries from the shell.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};

use insta::assert_snapshot;

use super::support::{Ringside, Serving};

/// `account create`, of somebody of `role`.
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

/// A file as editors on Windows write it: a byte order mark before the password, and CR LF behind it.
#[test]
fn a_password_file_from_windows_holds_the_password_that_was_typed() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "\u{feff}correct horse battery\r\n");
    ringside.says(&account("win", "author", &password));
    let serving = ringside.serve();
    assert_eq!(log_in(&serving, "correct+horse+battery"), "HTTP/1.0 303");
    assert_eq!(
        log_in(&serving, "%EF%BB%BFcorrect+horse+battery"),
        "HTTP/1.0 401"
    );
}

/// What a server answers to the login form of `win`.
fn log_in(serving: &Serving, password: &str) -> String {
    let form = format!("next=&username=win&password={password}");
    let mut connection = TcpStream::connect(&serving.address).unwrap();
    write!(
        connection,
        "POST /login HTTP/1.0\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        serving.address,
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer[.."HTTP/1.0 303".len()].to_owned()
}

#[tokio::test]
async fn updates_of_another_release_are_rendered_anew() {
    let ringside = Ringside::new();
    assert_snapshot!(ringside.says(&["rerender"]), @"All updates were already rendered by this release.");

    let password = ringside.file("password", "correct horse battery");
    ringside.says(&account("ann", "owner", &password));
    ringside.says(&entry(&["--title", "Final", "--state", "live"]));
    ringside.execute(
        "INSERT INTO updates (entry_id, author_id, rev, source, html, posted_at, markup_version)
         SELECT e.id, a.id, e.rev, '*Goal*', '<p>Goal</p>', 0, 0 FROM entries e, accounts a",
    ).await;
    assert_snapshot!(ringside.says(&["rerender"]), @"Rendered 1 of 1 updates; 1 changed.");
    assert_snapshot!(ringside.says(&["rerender"]), @"All updates were already rendered by this release.");
}

/// `entry create`, with these flags.
fn entry<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    ["entry", "create"].iter().chain(flags).copied().collect()
}

#[test]
fn an_account_is_made_once() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "correct horse battery\nsecond line");
    let owner = account("ann", "owner", &password);
    assert_snapshot!(ringside.says(&owner), @"Created the owner ann.");
    assert_snapshot!(ringside.complains(&owner), @"2: ringside: Another account already has this username. Choose a different one.");
    assert_snapshot!(ringside.complains(&account("ANN", "author", &password)), @"2: ringside: Another account already has this username. Choose a different one.");
    assert_snapshot!(ringside.says(&account("bob", "reader", &password)), @"Created the reader bob.");
}

#[test]
fn what_is_wrong_with_an_account_is_told() {
    let ringside = Ringside::new();
    let password = ringside.file("password", "correct horse battery");
    let short = ringside.file("short", "short\nbut more below, which does not count");
    let empty = ringside.file("empty", "");
    let long = ringside.file("long", "x".repeat(1_000_000));
    let noise = ringside.file("noise", b"\xff\xfe\x00\x01");
    let complains = |name, password| ringside.complains(&account(name, "author", password));
    assert_snapshot!(complains("ann", Path::new("/no/such/file")), @"2: ringside: /no/such/file can't be read: No such file or directory (os error 2).");
    assert_snapshot!(complains("ann", Path::new("/")), @"2: ringside: / can't be read: Is a directory (os error 21).");
    assert_snapshot!(complains("ann", &short), @"2: ringside: The password needs at least 10 characters.");
    assert_snapshot!(complains("ann", &empty), @"2: ringside: The password needs at least 10 characters.");
    assert_snapshot!(complains("ann", &long), @"2: ringside: The password can have at most 200 characters.");
    assert_snapshot!(complains("ann", &noise), @"2: ringside: FOLDER/noise can't be read: stream did not contain valid UTF-8.");
    assert_snapshot!(complains("", &password), @"2: ringside: The username is missing.");
    assert_snapshot!(complains("a b", &password), @"2: ringside: The username can contain only letters, digits, dots, hyphens and underscores. It contains a space at character 2.");
    assert_snapshot!(ringside.complains(&account("ann", "king", &password)), @"2: ringside: invalid value 'king' for '--role <ROLE>': The role must be one of: owner editor author reader (see ringside --help)");
    assert!(!ringside.data().exists(), "what is wrong was kept");
}

#[test]
fn an_entry_is_made_once() {
    let ringside = Ringside::new();
    let made = ringside.says(&entry(&[
        "--title",
        "Election night",
        "--public-url",
        "https://live.example.org/",
    ]));
    assert_snapshot!(made, @"https://live.example.org/entries/election-night");
    assert_snapshot!(ringside.complains(&entry(&["--title", "Election night", "--slug", "election-night"])), @"2: ringside: Another live blog already has this slug. Choose a different one.");
    assert_snapshot!(ringside.says(&entry(&["--title", "Election night", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/election-night-2");
    assert_snapshot!(ringside.says(&entry(&["--title", "\u{feff}Størst i\r\nÅlesund", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/storst-i-alesund");
    assert_snapshot!(ringside.says(&entry(&["--title", "…", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/live-4");
    assert_snapshot!(ringside.says(&entry(&["--title", "Election night", "--slug", "the-count", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/the-count");
}

#[test]
fn what_is_wrong_with_an_entry_is_told() {
    let ringside = Ringside::new();
    let long = "x".repeat(10_000);
    let complains = |flags: &[&str]| ringside.complains(&entry(flags));
    assert_snapshot!(complains(&[]), @"2: ringside: the following required arguments were not provided: --title <TITLE> (see ringside --help)");
    assert_snapshot!(complains(&["--title", ""]), @"2: ringside: The title is missing.");
    assert_snapshot!(complains(&["--title", &long]), @"2: ringside: The title has 10000 characters; the maximum is 200.");
    assert_snapshot!(complains(&["--title", "\u{3164}"]), @"2: ringside: The title contains only invisible characters, such as U+3164.");
    assert_snapshot!(complains(&["--title", "A", "--slug", "Not_An_Address"]), @"2: ringside: The slug can contain only lowercase letters a to z, digits, and single hyphens between them. It contains “N” at character 1.");
    assert_snapshot!(complains(&["--title", "A", "--time-zone", "Mars/Olympus"]), @"2: ringside: There is no such time zone. Enter one such as Europe/Paris or UTC.");
    assert_snapshot!(complains(&["--title", "A", "--language", "english"]), @"2: ringside: There is no such language tag. Enter one such as en, ar or pt-BR.");
    assert_snapshot!(complains(&["--title", "A", "--state", "sideways"]), @"2: ringside: invalid value 'sideways' for '--state <STATE>': The state must be one of: draft upcoming live ended (see ringside --help)");
    assert_snapshot!(complains(&["--title", "A", "--order", "sideways"]), @"2: ringside: invalid value 'sideways' for '--order <ORDER>': The order must be one of: oldest latest (see ringside --help)");
    assert_snapshot!(complains(&["--title", "A", "--public-url", "nowhere"]), @"2: ringside: invalid value 'nowhere' for '--public-url <URL>': it must be like https://live.example.org, a scheme and a host (see ringside --help)");
    assert!(!ringside.data().exists(), "what is wrong was kept");
}
