//! Creating and revoking tokens from the shell.

use insta::assert_snapshot;

use super::support::Ringside;

/// Returns a data folder with the author `ann`.
fn with_an_author() -> Ringside {
    let ringside = Ringside::new();
    let password = ringside.file("password", "correct horse battery");
    let file = password.to_str().unwrap();
    let account = [
        "account",
        "create",
        "--name",
        "ann",
        "--password-file",
        file,
    ];
    ringside.stdout_of(&account);
    ringside
}

/// Returns the list of tokens, with each time replaced by `TIME`.
fn list(ringside: &Ringside) -> String {
    let list = ringside.stdout_of(&["token", "list"]);
    list.lines().map(hide_time).collect::<Vec<_>>().join("\n")
}

fn hide_time(line: &str) -> String {
    let words = line.split(' ').map(|word| match word {
        time if time.ends_with('Z') => "TIME",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn token_is_printed_once_alone_on_the_last_line() {
    let ringside = with_an_author();
    let stdout = ringside.stdout_of(&[
        "token",
        "create",
        "--account",
        "ANN",
        "--name",
        "score ticker",
    ]);
    let (before, token) = stdout.trim_end().rsplit_once('\n').unwrap();
    assert_snapshot!(before, @"Created a token that acts as ANN. Copy it now: it cannot be displayed again.");
    assert_eq!((token.len(), &token[..3]), (46, "rs_"));
    let again = ringside.stdout_of(&["token", "create", "--account", "ann"]);
    assert!(!again.contains(token), "both tokens are the same");
    let list = list(&ringside);
    assert!(!list.contains(token), "the list shows the token");
    assert_snapshot!(list, @r"
       1  ann  TIME  never  score ticker
       2  ann  TIME  never
    ");
}

#[test]
fn token_is_revoked_once() {
    let ringside = with_an_author();
    ringside.stdout_of(&["token", "create", "--account", "ann"]);
    assert_snapshot!(ringside.stdout_of(&["token", "revoke", "--id", "1"]), @"Revoked token 1.");
    assert_eq!(list(&ringside), "");
    assert_snapshot!(ringside.error_of(&["token", "revoke", "--id", "1"]), @"2: ringside: There is no such token.");
}

#[test]
fn invalid_token_request_is_reported() {
    let ringside = with_an_author();
    let error_of = |account, name| {
        ringside.error_of(&["token", "create", "--account", account, "--name", name])
    };
    assert_snapshot!(error_of("bob", ""), @"2: ringside: There is no such account.");
    assert_snapshot!(error_of("", ""), @"2: ringside: The username is missing.");
    assert_snapshot!(error_of("ann", "\u{200b}"), @"2: ringside: The token's name contains only invisible characters, such as U+200B at character 1.");
    assert_snapshot!(ringside.error_of(&["token", "create"]), @"2: ringside: the following required arguments were not provided: --account <ACCOUNT> (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["token", "revoke", "--id", "one"]), @"2: ringside: invalid value 'one' for '--id <ID>': invalid digit found in string (see ringside --help)");
    assert_eq!(list(&ringside), "");
}
