//! Help, version, and usage errors.

use std::process::Stdio;

use insta::assert_snapshot;

use super::support::{Ringside, text};

#[test]
fn help_explains_every_setting_and_command() {
    let ringside = Ringside::new();
    let help = ringside.stdout_of(&["--help"]);
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
        "RINGSIDE_OPEN_ROOMS",
        "RINGSIDE_MESSAGES_PER_MINUTE",
        "RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS",
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
        "room",
        "token",
        "repair",
        "rerender",
        "Exit codes",
    ] {
        assert!(help.contains(command), "{command} is not in {help}");
    }
    let create = ringside.stdout_of(&["account", "create", "--help"]);
    for flag in ["--name", "--role", "--password-file"] {
        assert!(create.contains(flag), "{flag} is not in {create}");
    }
    let create = ringside.stdout_of(&["entry", "create", "--help"]);
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
        let help = ringside.stdout_of(&["token", command, "--help"]);
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
        let help = ringside.stdout_of(&[&commands[..], &["--help"]].concat());
        for flag in flags {
            assert!(help.contains(flag), "{flag} is not in {help}");
        }
    }
    assert!(!ringside.data().exists(), "help created a data folder");
}

#[test]
fn version_is_printed() {
    let version = Ringside::new().stdout_of(&["--version"]);
    assert_eq!(version, format!("ringside {}\n", env!("CARGO_PKG_VERSION")));
}

/// `println!` panics if standard output is closed.
#[test]
fn closed_standard_output_causes_no_panic() {
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
fn unknown_command_is_reported() {
    let ringside = Ringside::new();
    assert_snapshot!(ringside.error_of(&["explode"]), @"2: ringside: unrecognized subcommand 'explode' (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["--explode"]), @"2: ringside: unexpected argument '--explode' found (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["serve", "now"]), @"2: ringside: unexpected argument 'now' found (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["account"]), @"2: ringside: 'ringside account' requires a subcommand but one was not provided [subcommands: create, list, password, role, rename, disable, enable, invite, reset-link, delete, help] (see ringside --help)");
    // Without any setting, the parser would print its help.
    let mut bare = ringside.command(&["account"]);
    bare.env_clear();
    assert_snapshot!(ringside.error_of_command(bare), @"2: ringside: the command is incomplete (add --help for its arguments)");
    assert_snapshot!(ringside.error_of(&["account", "create"]), @"2: ringside: the following required arguments were not provided: --name <NAME> --password-file <FILE> (see ringside --help)");
    assert_snapshot!(ringside.error_of(&["serv"]), @"2: ringside: unrecognized subcommand 'serv' tip: a similar subcommand exists: 'serve' (see ringside --help)");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf_8_are_reported() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let ringside = Ringside::new();
    let noise = OsStr::from_bytes(b"--addr=\xff\xfe");
    assert_snapshot!(ringside.error_of(&[noise]), @"2: ringside: invalid UTF-8 was detected in one or more arguments (see ringside --help)");
}
