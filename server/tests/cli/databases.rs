//! Databases that can't be used: each is one line, and what is in them stays as it is.

use std::{fs, net::TcpListener};

use insta::assert_snapshot;

use super::support::Ringside;

const ENTRY: [&str; 4] = ["entry", "create", "--title", "A"];

#[test]
fn a_file_that_is_no_database_is_told_and_left_alone() {
    let ringside = Ringside::new();
    fs::create_dir(ringside.data()).unwrap();
    let file = ringside.data().join("ringside.db");
    let noise: Vec<u8> = (0..9_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(&file, &noise).unwrap();
    for command in [&["serve"][..], &ENTRY] {
        assert_eq!(
            ringside.complains(command),
            "2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: file is not a database."
        );
    }
    assert!(fs::read(&file).unwrap() == noise, "it was written to");
}

#[test]
fn a_server_that_does_not_answer_is_told_as_what_may_pass() {
    // Nobody listens at a port of which the system has just said that it is free.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://anna:secret@127.0.0.1:{port}/ringside");
    let ringside = Ringside::new();
    let complaint = ringside.complains(&["serve", "--database-url", &url]);
    assert_snapshot!(complaint.replace(&port.to_string(), "PORT"), @"1: ringside: The database postgres://anna@127.0.0.1:PORT/ringside can't be reached: error communicating with database: Connection refused (os error 111).");
}

#[test]
fn a_database_that_is_cut_off_is_told() {
    let ringside = Ringside::new();
    ringside.says(&ENTRY);
    let file = ringside.data().join("ringside.db");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_snapshot!(ringside.complains(&["serve"]), @"2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: database disk image is malformed.");
}

#[test]
fn a_folder_where_the_database_is_meant_to_be_is_told() {
    let ringside = Ringside::new();
    fs::create_dir_all(ringside.data().join("ringside.db")).unwrap();
    assert_snapshot!(ringside.complains(&["serve"]), @"2: ringside: The database sqlite://FOLDER/data/ringside.db can't be opened: unable to open database file.");
}

#[tokio::test]
async fn a_newer_releases_database_is_told_and_left_alone() {
    let ringside = Ringside::new();
    ringside.says(&ENTRY);
    // What a later release would have made of it.
    ringside
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9000, description, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1",
        )
        .await;
    for command in [&["serve"][..], &ENTRY] {
        assert_eq!(
            ringside.complains(command),
            "1: ringside: The database sqlite://FOLDER/data/ringside.db was made by a newer Ringside \
             (migration 9000 is unknown here). Start the newer release, or restore a backup made by this one."
        );
    }
}

#[test]
fn its_address_may_lie_in_a_file() {
    let ringside = Ringside::new();
    let elsewhere = ringside.file("elsewhere.db", "");
    let secret = ringside.file("secret", format!("sqlite://{}\n", elsewhere.display()));
    let mut command = ringside.command(&ENTRY);
    command.env("RINGSIDE_DATABASE_URL_FILE", secret);
    assert!(command.output().unwrap().status.success());
    assert!(fs::metadata(&elsewhere).unwrap().len() > 0);
    assert!(!ringside.data().join("ringside.db").exists());
}
