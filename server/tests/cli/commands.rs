//! Making accounts and entries from the shell.

use std::path::Path;

use insta::assert_snapshot;

use super::support::Ringside;

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
    assert_snapshot!(ringside.complains(&owner), @"2: ringside: Another account has this username already; choose another.");
    assert_snapshot!(ringside.complains(&account("ANN", "author", &password)), @"2: ringside: Another account has this username already; choose another.");
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
    assert_snapshot!(complains("ann", &long), @"2: ringside: The password can have 200 characters at most.");
    assert_snapshot!(complains("ann", &noise), @"2: ringside: FOLDER/noise can't be read: stream did not contain valid UTF-8.");
    assert_snapshot!(complains("", &password), @"2: ringside: The username is missing.");
    assert_snapshot!(complains("a b", &password), @"2: ringside: The username can hold letters, digits, dots, hyphens and underscores.");
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
    assert_snapshot!(ringside.complains(&entry(&["--title", "Election night"])), @"2: ringside: Another entry has this address already; choose another.");
    assert_snapshot!(ringside.says(&entry(&["--title", "Election night", "--slug", "the-count", "--addr", "127.0.0.1:4000"])), @"http://127.0.0.1:4000/entries/the-count");
}

#[test]
fn what_is_wrong_with_an_entry_is_told() {
    let ringside = Ringside::new();
    let long = "x".repeat(10_000);
    let complains = |flags: &[&str]| ringside.complains(&entry(flags));
    assert_snapshot!(complains(&[]), @"2: ringside: the following required arguments were not provided: --title <TITLE> (see ringside --help)");
    assert_snapshot!(complains(&["--title", ""]), @"2: ringside: The title is missing.");
    assert_snapshot!(complains(&["--title", &long]), @"2: ringside: The title has 10000 characters; it can have 200 at most.");
    assert_snapshot!(complains(&["--title", "two\nlines"]), @"2: ringside: The title must be one line.");
    assert_snapshot!(complains(&["--title", "日本"]), @"2: ringside: No address can be made from this title; write one, like election-night.");
    assert_snapshot!(complains(&["--title", "A", "--slug", "Not_An_Address"]), @"2: ringside: The address can hold lowercase letters a to z, digits, and single hyphens between them.");
    assert_snapshot!(complains(&["--title", "A", "--time-zone", "Mars/Olympus"]), @"2: ringside: There is no such time zone; write one like Europe/Paris or UTC.");
    assert_snapshot!(complains(&["--title", "A", "--language", "english"]), @"2: ringside: There is no such language tag; write one like en, ar or pt-BR.");
    assert_snapshot!(complains(&["--title", "A", "--state", "sideways"]), @"2: ringside: invalid value 'sideways' for '--state <STATE>': The state must be one of: draft upcoming live ended (see ringside --help)");
    assert_snapshot!(complains(&["--title", "A", "--order", "sideways"]), @"2: ringside: invalid value 'sideways' for '--order <ORDER>': The order must be one of: oldest latest (see ringside --help)");
    assert_snapshot!(complains(&["--title", "A", "--public-url", "nowhere"]), @"2: ringside: invalid value 'nowhere' for '--public-url <URL>': it must be like https://live.example.org, a scheme and a host (see ringside --help)");
    assert!(!ringside.data().exists(), "what is wrong was kept");
}
