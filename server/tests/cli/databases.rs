//! Databases that can't be used: each is reported in one line, and its content does not change.

use std::{fs, net::TcpListener};

use insta::assert_snapshot;

use super::support::Ringside;

const ENTRY: [&str; 4] = ["entry", "create", "--title", "A"];

#[test]
fn file_that_is_not_a_database_is_reported_and_not_changed() {
    let ringside = Ringside::new();
    fs::create_dir(ringside.data()).unwrap();
    let file = ringside.data().join("ringside.db");
    let noise: Vec<u8> = (0..9_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(&file, &noise).unwrap();
    for command in [&["serve"][..], &ENTRY] {
        assert_eq!(
            ringside.error_of(command),
            "2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: file is not a database."
        );
    }
    assert!(fs::read(&file).unwrap() == noise, "the file was changed");
}

#[test]
fn unreachable_server_is_reported_as_temporary() {
    // Nothing listens on a port that the system has just reported as free.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://anna:secret@127.0.0.1:{port}/ringside");
    let ringside = Ringside::new();
    let error = ringside.error_of(&["serve", "--database-url", &url]);
    assert_snapshot!(error.replace(&port.to_string(), "PORT"), @"1: ringside: The database postgres://anna@127.0.0.1:PORT/ringside can't be reached: error communicating with database: Connection refused (os error 111).");
}

#[test]
fn truncated_database_is_reported() {
    let ringside = Ringside::new();
    ringside.stdout_of(&ENTRY);
    let file = ringside.data().join("ringside.db");
    let content = fs::read(&file).unwrap();
    fs::write(&file, &content[..content.len() / 2]).unwrap();
    assert_snapshot!(ringside.error_of(&["serve"]), @"2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: database disk image is malformed.");
}

#[test]
fn folder_in_place_of_the_database_is_reported() {
    let ringside = Ringside::new();
    fs::create_dir_all(ringside.data().join("ringside.db")).unwrap();
    assert_snapshot!(ringside.error_of(&["serve"]), @"2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: unable to open database file.");
}

#[tokio::test]
async fn database_of_a_newer_release_is_reported_and_not_changed() {
    let ringside = Ringside::new();
    ringside.stdout_of(&ENTRY);
    // Records a migration of a newer release.
    ringside
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, description, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1",
        )
        .await;
    for command in [&["serve"][..], &ENTRY] {
        assert_eq!(
            ringside.error_of(command),
            "1: ringside: The database sqlite://FOLDER/data/ringside.db was made by a newer Ringside \
             (migration 9000 is unknown here). Start the newer release, or restore a backup made by this one."
        );
    }
}

#[test]
fn database_url_can_be_read_from_a_file() {
    let ringside = Ringside::new();
    let elsewhere = ringside.file("elsewhere.db", "");
    let secret = ringside.file("secret", format!("sqlite://{}\n", elsewhere.display()));
    let mut command = ringside.command(&ENTRY);
    command.env("RINGSIDE_DATABASE_URL_FILE", secret);
    assert!(command.output().unwrap().status.success());
    assert!(fs::metadata(&elsewhere).unwrap().len() > 0);
    assert!(!ringside.data().join("ringside.db").exists());
}
