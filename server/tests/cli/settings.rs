//! Invalid settings: each is reported in one line, with exit code 2.

use std::{fs, net::TcpListener};

use insta::assert_snapshot;

use super::support::{Ringside, below_a_file, make_read_only};

#[test]
fn invalid_values_are_reported() {
    let ringside = Ringside::new();
    let error_of = |flag: &str, value: &str| ringside.error_of(&["serve", flag, value]);
    assert_snapshot!(error_of("--addr", "nowhere"), @"2: ringside: invalid value 'nowhere' for '--addr <ADDR>': invalid socket address syntax (see ringside --help)");
    assert_snapshot!(error_of("--addr", "127.0.0.1:99999"), @"2: ringside: invalid value '127.0.0.1:99999' for '--addr <ADDR>': invalid socket address syntax (see ringside --help)");
    assert_snapshot!(error_of("--transport", "pigeon"), @"2: ringside: invalid value 'pigeon' for '--transport <TRANSPORT>': The transport must be one of: auto sse poll websocket (see ringside --help)");
    assert_snapshot!(error_of("--poll-interval-ms", "1"), @"2: ringside: invalid value '1' for '--poll-interval-ms <MS>': 1 is not in 500..=600000 (see ringside --help)");
    assert_snapshot!(error_of("--poll-interval-ms", "-5"), @"2: ringside: unexpected argument '-5' found (see ringside --help)");
    assert_snapshot!(error_of("--site-language", "english"), @"2: ringside: invalid value 'english' for '--site-language <TAG>': There is no such language tag. Enter one such as en, ar or pt-BR. (see ringside --help)");
    assert_snapshot!(error_of("--log", "=,="), @"2: ringside: RINGSIDE_LOG is invalid: invalid filter directive.");
    assert_snapshot!(error_of("--log-format", "xml"), @"2: ringside: invalid value 'xml' for '--log-format <LOG_FORMAT>' [possible values: text, json] (see ringside --help)");
    assert_snapshot!(error_of("--database-url", "mysql://localhost/x"), @r#"2: ringside: The database URL must begin with sqlite:// or postgres://, not with "mysql"."#);
    assert_snapshot!(error_of("--database-url-file", "/no/such/file"), @"2: ringside: /no/such/file can't be read: No such file or directory (os error 2).");
    assert!(!ringside.data().join("ringside.db").exists());
}

#[test]
fn trusted_proxies_are_addresses_or_networks_but_not_the_whole_internet() {
    let ringside = Ringside::new();
    let error_of = |value: &str| ringside.error_of(&["serve", "--trusted-proxies", value]);
    assert_snapshot!(error_of("127.0.0.1,localhost"), @r#"2: ringside: invalid value '127.0.0.1,localhost' for '--trusted-proxies <ADDRESSES>': "localhost" is neither an address such as 127.0.0.1 or ::1, nor a network such as 10.0.0.0/8 (see ringside --help)"#);
    assert_snapshot!(error_of("10.0.0.0/33"), @r#"2: ringside: invalid value '10.0.0.0/33' for '--trusted-proxies <ADDRESSES>': "10.0.0.0/33" is neither an address such as 127.0.0.1 or ::1, nor a network such as 10.0.0.0/8 (see ringside --help)"#);
    assert_snapshot!(error_of("127.0.0.1,"), @r#"2: ringside: invalid value '127.0.0.1,' for '--trusted-proxies <ADDRESSES>': "" is neither an address such as 127.0.0.1 or ::1, nor a network such as 10.0.0.0/8 (see ringside --help)"#);
    assert_snapshot!(error_of("0.0.0.0/0"), @"2: ringside: invalid value '0.0.0.0/0' for '--trusted-proxies <ADDRESSES>': 0.0.0.0/0 includes every address, so any client could forge its address (see ringside --help)");
}

#[test]
fn public_url_is_a_scheme_and_a_host() {
    let ringside = Ringside::new();
    for url in [
        "",
        "live.example.org",
        "ftp://live.example.org",
        "https://",
        "https:///",
        "https://live.example.org/blog",
        "https://live example.org",
        "https://live.example.org?x",
        "https://live.example.org#x",
        "https://a@b:c",
        "https://?",
        "https://live.example.org:99999",
        "https://\u{fc}ber.example.org",
    ] {
        let error = ringside.error_of(&["serve", "--public-url", url]);
        let expected = format!(
            "2: ringside: invalid value '{url}' for '--public-url <URL>': it must be like \
             https://live.example.org, a scheme and a host (see ringside --help)"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn environment_variables_are_validated_like_flags() {
    let ringside = Ringside::new();
    let error_of = |name: &str, value: &str| {
        let mut command = ringside.command(&["serve"]);
        command.env(name, value);
        ringside.error_of_command(command)
    };
    assert_snapshot!(error_of("RINGSIDE_ADDR", "nowhere"), @"2: ringside: invalid value 'nowhere' for '--addr <ADDR>': invalid socket address syntax (see ringside --help)");
    assert_snapshot!(error_of("RINGSIDE_TRANSPORT", ""), @"2: ringside: invalid value '' for '--transport <TRANSPORT>': The transport must be one of: auto sse poll websocket (see ringside --help)");
    assert_snapshot!(error_of("RINGSIDE_PUBLIC_URL", "nowhere"), @"2: ringside: invalid value 'nowhere' for '--public-url <URL>': it must be like https://live.example.org, a scheme and a host (see ringside --help)");
}

#[test]
fn flag_overrides_the_environment() {
    let ringside = Ringside::new();
    let mut command = ringside.command(&["serve", "--public-url", "flag"]);
    command.env("RINGSIDE_PUBLIC_URL", "https://environment.example.org");
    assert_snapshot!(ringside.error_of_command(command), @"2: ringside: invalid value 'flag' for '--public-url <URL>': it must be like https://live.example.org, a scheme and a host (see ringside --help)");
}

#[test]
fn address_in_use_is_reported_and_the_data_is_not_touched() {
    let ringside = Ringside::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = ringside.error_of(&["serve", "--addr", &address]);
    assert_snapshot!(error.replace(&address, "ADDRESS"), @"2: ringside: Can't listen on ADDRESS: another program is using it. Set RINGSIDE_ADDR to another address.");
    assert!(!ringside.data().exists());
}

#[test]
fn address_of_another_machine_is_reported() {
    // An address for documentation (RFC 5737), which no machine has.
    let error = Ringside::new().error_of(&["serve", "--addr", "192.0.2.1:3000"]);
    assert_snapshot!(error, @"2: ringside: Can't listen on 192.0.2.1:3000: this machine has no such address. Set RINGSIDE_ADDR to another address.");
}

#[test]
fn impossible_data_folder_is_reported() {
    let ringside = Ringside::new();
    let data = below_a_file(&ringside);
    let create = ["entry", "create", "--title", "A"];
    for command in [&["serve"][..], &create] {
        let mut command = ringside.command(command);
        command.env("RINGSIDE_DATA", &data);
        let error = ringside.error_of_command(command);
        assert_eq!(
            error,
            "2: ringside: The data folder FOLDER/file/data can't be written: Not a directory (os error 20). Set RINGSIDE_DATA to another folder."
        );
    }
    let mut command = ringside.command(&["serve"]);
    command.env("RINGSIDE_DATA", data.parent().unwrap());
    assert_snapshot!(ringside.error_of_command(command), @"2: ringside: The data folder FOLDER/file can't be written: File exists (os error 17). Set RINGSIDE_DATA to another folder.");
}

#[test]
fn read_only_data_folder_is_reported() {
    let ringside = Ringside::new();
    fs::create_dir(ringside.data()).unwrap();
    if make_read_only(&ringside.data()) {
        assert_snapshot!(ringside.error_of(&["serve"]), @"2: ringside: The data folder FOLDER/data can't be written: Permission denied (os error 13). Set RINGSIDE_DATA to another folder.");
    } else {
        // Root can write everywhere except in /proc.
        let mut command = ringside.command(&["serve"]);
        command.env("RINGSIDE_DATA", "/proc/ringside");
        let error = ringside.error_of_command(command);
        assert!(
            error.starts_with("2: ringside: The data folder /proc/ringside can't be written: "),
            "{error}"
        );
    }
}

#[test]
fn relative_data_folder_can_have_any_name() {
    let ringside = Ringside::new();
    for name in ["my data", "c:data", "50% of it?", "#1"] {
        let mut command = ringside.command(&["entry", "create", "--title", "A"]);
        command
            .current_dir(ringside.data().parent().unwrap())
            .env("RINGSIDE_DATA", name);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        let file = ringside.data().with_file_name(name).join("ringside.db");
        assert!(file.is_file(), "{name}");
    }
}
