//! What it says of itself.

use std::process::Stdio;

use insta::assert_snapshot;

use super::support::{Ringside, text};

#[test]
fn help_explains_every_setting_and_command() {
    let ringside = Ringside::new();
    let help = ringside.says(&["--help"]);
    for setting in [
        "RINGSIDE_ADDR",
        "RINGSIDE_DATA",
        "RINGSIDE_DATABASE_URL",
        "RINGSIDE_DATABASE_URL_FILE",
        "RINGSIDE_PUBLIC_URL",
        "RINGSIDE_LANGUAGE",
        "RINGSIDE_TRUSTED_PROXIES",
        "RINGSIDE_SITE",
        "RINGSIDE_POLL_INTERVAL_MS",
        "RINGSIDE_DATABASE_DEADLINE_MS",
        "RINGSIDE_TRANSPORT",
        "RINGSIDE_LOGINS_PER_MINUTE",
        "RINGSIDE_LOGINS_PER_MINUTE_PER_ADDRESS",
        "RINGSIDE_LOGIN_DELAY_MS",
        "RINGSIDE_LOG",
        "RINGSIDE_LOG_FORMAT",
    ] {
        let named = ["=", "]"].map(|end| format!("[env: {setting}{end}"));
        assert!(
            named.iter().any(|named| help.contains(named)),
            "{setting} is not in {help}"
        );
    }
    for command in [
        "serve",
        "account",
        "session",
        "entry",
        "token",
        "repair",
        "rerender",
        "Exit codes",
    ] {
        assert!(help.contains(command), "{command} is not in {help}");
    }
    let create = ringside.says(&["account", "create", "--help"]);
    for flag in ["--name", "--role", "--password-file"] {
        assert!(create.contains(flag), "{flag} is not in {create}");
    }
    let create = ringside.says(&["entry", "create", "--help"]);
    for flag in [
        "--slug",
        "--title",
        "--summary",
        "--time-zone",
        "--language",
        "--state",
        "--order",
    ] {
        assert!(create.contains(flag), "{flag} is not in {create}");
    }
    for (command, flag) in [
        ("create", "--account"),
        ("create", "--name"),
        ("revoke", "--id"),
    ] {
        let help = ringside.says(&["token", command, "--help"]);
        assert!(help.contains(flag), "{flag} is not in {help}");
    }
    for (commands, flags) in [
        (["account", "password"], &["--name", "--password-file"][..]),
        (["account", "role"], &["--name", "--role"]),
        (["account", "disable"], &["--name"]),
        (["account", "enable"], &["--name"]),
        (["session", "list"], &["--name"]),
        (["session", "end"], &["--name", "--id"]),
    ] {
        let help = ringside.says(&[&commands[..], &["--help"]].concat());
        for flag in flags {
            assert!(help.contains(flag), "{flag} is not in {help}");
        }
    }
    assert!(!ringside.data().exists(), "help made a data folder");
}

#[test]
fn it_knows_its_version() {
    let said = Ringside::new().says(&["--version"]);
    assert_eq!(said, format!("ringside {}\n", env!("CARGO_PKG_VERSION")));
}

/// It panicked, as every `println!` does.
#[test]
fn nobody_has_to_listen() {
    let ringside = Ringside::new();
    for command in ["--help", "--version"] {
        let mut child = ringside
            .command(&[command])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(0), String::new())
        );
    }
}

#[test]
fn what_is_no_command_is_told() {
    let ringside = Ringside::new();
    assert_snapshot!(ringside.complains(&["explode"]), @"2: ringside: unrecognized subcommand 'explode' (see ringside --help)");
    assert_snapshot!(ringside.complains(&["--explode"]), @"2: ringside: unexpected argument '--explode' found (see ringside --help)");
    assert_snapshot!(ringside.complains(&["serve", "now"]), @"2: ringside: unexpected argument 'now' found (see ringside --help)");
    assert_snapshot!(ringside.complains(&["account"]), @"2: ringside: 'ringside account' requires a subcommand but one was not provided [subcommands: create, list, password, role, disable, enable, help] (see ringside --help)");
    // Where nothing at all is set, the parser would print its help.
    let mut bare = ringside.command(&["account"]);
    bare.env_clear();
    assert_snapshot!(ringside.complaint(bare), @"2: ringside: the command is incomplete (add --help for its arguments)");
    assert_snapshot!(ringside.complains(&["account", "create"]), @"2: ringside: the following required arguments were not provided: --name <NAME> --password-file <FILE> (see ringside --help)");
    assert_snapshot!(ringside.complains(&["serv"]), @"2: ringside: unrecognized subcommand 'serv' tip: a similar subcommand exists: 'serve' (see ringside --help)");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_told() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let ringside = Ringside::new();
    let noise = OsStr::from_bytes(b"--addr=\xff\xfe");
    assert_snapshot!(ringside.complains(&[noise]), @"2: ringside: invalid UTF-8 was detected in one or more arguments (see ringside --help)");
}
