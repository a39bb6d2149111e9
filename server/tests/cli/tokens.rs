//! Making and revoking tokens from the shell.

use insta::assert_snapshot;

use super::support::Ringside;

/// A data folder with an author named `ann`.
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
    ringside.says(&account);
    ringside
}

/// The tokens' list, each time as `TIME`.
fn list(ringside: &Ringside) -> String {
    let list = ringside.says(&["token", "list"]);
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
fn a_token_is_shown_once_alone_on_the_last_line() {
    let ringside = with_an_author();
    let said = ringside.says(&[
        "token",
        "create",
        "--account",
        "ANN",
        "--name",
        "score ticker",
    ]);
    let (before, token) = said.trim_end().rsplit_once('\n').unwrap();
    assert_snapshot!(before, @"Created a token that acts as ANN. Copy it now: it cannot be displayed again.");
    assert_eq!((token.len(), &token[..3]), (46, "rs_"));
    let again = ringside.says(&["token", "create", "--account", "ann"]);
    assert!(!again.contains(token), "it is the same");
    let list = list(&ringside);
    assert!(!list.contains(token), "it is shown again");
    assert_snapshot!(list, @r"
       1  ann  TIME  never  score ticker
       2  ann  TIME  never
    ");
}

#[test]
fn a_token_is_revoked_once() {
    let ringside = with_an_author();
    ringside.says(&["token", "create", "--account", "ann"]);
    assert_snapshot!(ringside.says(&["token", "revoke", "--id", "1"]), @"Revoked token 1.");
    assert_eq!(list(&ringside), "");
    assert_snapshot!(ringside.complains(&["token", "revoke", "--id", "1"]), @"2: ringside: There is no such token.");
}

#[test]
fn what_is_wrong_with_a_token_is_told() {
    let ringside = with_an_author();
    let complains = |account, name| {
        ringside.complains(&["token", "create", "--account", account, "--name", name])
    };
    assert_snapshot!(complains("bob", ""), @"2: ringside: There is no such account.");
    assert_snapshot!(complains("", ""), @"2: ringside: The username is missing.");
    assert_snapshot!(complains("ann", "\u{200b}"), @"2: ringside: The token's name contains only invisible characters, such as U+200B.");
    assert_snapshot!(ringside.complains(&["token", "create"]), @"2: ringside: the following required arguments were not provided: --account <ACCOUNT> (see ringside --help)");
    assert_snapshot!(ringside.complains(&["token", "revoke", "--id", "one"]), @"2: ringside: invalid value 'one' for '--id <ID>': invalid digit found in string (see ringside --help)");
    assert_eq!(list(&ringside), "");
}
