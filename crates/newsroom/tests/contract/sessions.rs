//! Sessions: how long they last, and listing and ending them.

use domain::{Password, Role, SessionId, Username, Viewer};
use newsroom::{Error, SESSION_IDLE_LIFE, SESSION_LIFE, Secret};
use sqlx::{AnyConnection, Connection, Row};

use super::support::{Database, TestNewsroom};

on_every_database! {
    an_unused_session_ends_before_its_time,
    a_used_session_is_written_at_most_once_an_hour,
    a_tokens_last_use_is_known,
    sessions_are_listed_and_ended_by_number,
    nobody_ends_anothers_session,
    another_login_in_a_browser_ends_its_session,
    an_account_has_a_bounded_number_of_sessions,
    sessions_of_an_earlier_release_stay_open,
}

const PASSWORD: &str = "correct horse";
/// An hour, in microseconds.
const HOUR: i64 = 60 * 60 * 1_000_000;

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

async fn account(room: &TestNewsroom, username: &str) -> Viewer {
    let password = Password::parse(PASSWORD).unwrap();
    room.create_account(&name(username), Role::Author, &password)
        .await
        .unwrap()
}

async fn an_unused_session_ends_before_its_time(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let anna = account(&room, "anna").await;
    let session = room.log_in("anna", PASSWORD).await.unwrap();
    room.hand.advance(SESSION_IDLE_LIFE);
    assert_eq!(room.viewer(&session.token).await.unwrap(), None);
    assert_eq!(room.own_sessions(&anna).await.unwrap(), []);

    // One that is used stays open beyond that.
    let session = room.log_in("anna", PASSWORD).await.unwrap();
    for _ in 0..2 {
        room.hand.advance(SESSION_IDLE_LIFE - HOUR);
        assert!(room.viewer(&session.token).await.unwrap().is_some());
        room.maintain_sessions().await.unwrap();
    }
    // What is over is cleared away.
    room.hand.advance(SESSION_LIFE);
    room.maintain_sessions().await.unwrap();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let row = sqlx::query("SELECT COUNT(*) AS sessions FROM sessions")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>("sessions"), 0);
    connection.close().await.unwrap();
}

async fn a_used_session_is_written_at_most_once_an_hour(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let anna = account(&room, "anna").await;
    let session = room.log_in("anna", PASSWORD).await.unwrap();
    let began = room.clock().now();
    let last_seen = async || {
        room.maintain_sessions().await.unwrap();
        room.own_sessions(&anna).await.unwrap()[0].last_seen_at
    };
    room.hand.advance(HOUR - 1);
    room.viewer(&session.token).await.unwrap();
    assert_eq!(last_seen().await, began);
    room.hand.advance(1);
    room.viewer(&session.token).await.unwrap();
    let seen = room.clock().now();
    assert_eq!(last_seen().await, seen);
    room.hand.advance(HOUR / 2);
    room.viewer(&session.token).await.unwrap();
    assert_eq!(last_seen().await, seen);
}

async fn a_tokens_last_use_is_known(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let purpose = domain::TokenName::parse("").unwrap();
    let token = room.create_token(&name("author"), &purpose).await.unwrap();
    room.maintain_sessions().await.unwrap();
    assert_eq!(room.tokens().await.unwrap()[0].last_used_at, None);
    room.token_holder(&token).await.unwrap();
    let used = room.clock().now();
    room.hand.advance(HOUR - 1);
    for _ in 0..2 {
        room.maintain_sessions().await.unwrap();
        assert_eq!(room.tokens().await.unwrap()[0].last_used_at, Some(used));
        room.token_holder(&token).await.unwrap();
    }
    room.hand.advance(1);
    room.token_holder(&token).await.unwrap();
    room.maintain_sessions().await.unwrap();
    let used = Some(room.clock().now());
    assert_eq!(room.tokens().await.unwrap()[0].last_used_at, used);
}

async fn sessions_are_listed_and_ended_by_number(database: Database) {
    let (room, other) = TestNewsroom::pair_on(&database).await;
    account(&room, "anna").await;
    account(&room, "Berta").await;
    let first = room.log_in("anna", PASSWORD).await.unwrap();
    let began = room.clock().now();
    room.hand.advance(HOUR);
    other.hand.advance(HOUR);
    let second = room.log_in("anna", PASSWORD).await.unwrap();
    let third = room.log_in("berta", PASSWORD).await.unwrap();

    let all = room.sessions(None).await.unwrap();
    let accounts: Vec<_> = all.iter().map(|session| session.account.as_str()).collect();
    assert_eq!(accounts, ["Berta", "anna", "anna"]);
    let annas = other.sessions(Some(&name("ANNA"))).await.unwrap();
    assert_eq!(annas, all[1..]);
    assert_eq!((annas[1].created_at, annas[1].last_seen_at), (began, began));

    room.end_session(annas[1].id).await.unwrap();
    assert_eq!(other.viewer(&first.token).await.unwrap(), None);
    assert!(other.viewer(&second.token).await.unwrap().is_some());
    for gone in [
        annas[1].id,
        SessionId(0),
        SessionId(-1),
        SessionId(i64::MAX),
    ] {
        assert_refused!(room.end_session(gone).await, Error::Unknown("session"));
    }
    assert_eq!(room.end_sessions_of(&name("anna")).await.unwrap(), 1);
    assert_eq!(room.end_sessions_of(&name("anna")).await.unwrap(), 0);
    assert_eq!(other.viewer(&second.token).await.unwrap(), None);
    assert!(other.viewer(&third.token).await.unwrap().is_some());
}

async fn nobody_ends_anothers_session(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let anna = account(&room, "anna").await;
    let berta = account(&room, "berta").await;
    let annas = room.log_in("anna", PASSWORD).await.unwrap();
    let bertas = [
        room.log_in("berta", PASSWORD).await.unwrap(),
        room.log_in("berta", PASSWORD).await.unwrap(),
        room.log_in("berta", PASSWORD).await.unwrap(),
    ];
    for session in room.own_sessions(&berta).await.unwrap() {
        room.end_own_session(&anna, session.id).await.unwrap();
    }
    let kept = room.session(&annas.token).await.unwrap().unwrap();
    assert_eq!(kept.viewer, anna);
    room.end_other_sessions(&anna, kept.id).await.unwrap();
    for session in &bertas {
        assert!(room.viewer(&session.token).await.unwrap().is_some());
    }
    assert!(room.viewer(&annas.token).await.unwrap().is_some());

    let kept = room.session(&bertas[1].token).await.unwrap().unwrap();
    let first = room.session(&bertas[0].token).await.unwrap().unwrap();
    room.end_own_session(&berta, first.id).await.unwrap();
    assert_eq!(room.viewer(&bertas[0].token).await.unwrap(), None);
    room.end_other_sessions(&berta, kept.id).await.unwrap();
    let left = room.own_sessions(&berta).await.unwrap();
    assert_eq!(
        left.iter().map(|open| open.id).collect::<Vec<_>>(),
        [kept.id]
    );
}

async fn another_login_in_a_browser_ends_its_session(database: Database) {
    let room = TestNewsroom::on(&database).await;
    account(&room, "anna").await;
    account(&room, "berta").await;
    let elsewhere = room.log_in("anna", PASSWORD).await.unwrap();
    let old = room.log_in("anna", PASSWORD).await.unwrap();
    // A try that fails ends nothing.
    let failed = room
        .log_in_instead("berta", "wrong", Some(&old.token))
        .await;
    assert_refused!(failed, Error::WrongPassword);
    assert!(room.viewer(&old.token).await.unwrap().is_some());
    let new = room
        .log_in_instead("berta", PASSWORD, Some(&old.token))
        .await
        .unwrap();
    assert_eq!(room.viewer(&old.token).await.unwrap(), None);
    assert!(room.viewer(&new.token).await.unwrap().is_some());
    assert!(room.viewer(&elsewhere.token).await.unwrap().is_some());
    // A forged one ends nothing, and begins one all the same.
    let forged = Secret::shown("forged");
    room.log_in_instead("berta", PASSWORD, Some(&forged))
        .await
        .unwrap();
}

async fn an_account_has_a_bounded_number_of_sessions(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let anna = account(&room, "anna").await;
    let store = database.store().await;
    let hash = {
        let mut snapshot = store.snapshot().await.unwrap();
        let account = snapshot.account_by_name(&name("anna")).await.unwrap();
        account.unwrap().password_hash
    };
    let mut tokens = Vec::new();
    for _ in 0..102 {
        let token = Secret::new_random();
        let now = room.clock().now();
        let session = newsroom::storage::NewSession {
            token: &token,
            account: anna.id,
            created_at: now,
            expires_at: now.plus_micros(SESSION_LIFE),
        };
        let began = store.add_session_of_login(session, &hash, None).await;
        assert!(began.unwrap());
        tokens.push(token);
        room.hand.advance(1);
    }
    store.close().await;
    assert_eq!(room.own_sessions(&anna).await.unwrap().len(), 100);
    for (number, token) in tokens.iter().enumerate() {
        let open = room.viewer(token).await.unwrap().is_some();
        assert_eq!(open, number >= 2, "{number}");
    }
}

/// Brings the database to where an earlier release left it: at its migration `version`.
async fn migrate_to(connection: &mut AnyConnection, url: &str, version: i64) {
    let all = if url.starts_with("sqlite:") {
        sqlx::migrate!("../../migrations/sqlite")
    } else {
        sqlx::migrate!("../../migrations/postgres")
    };
    let earlier = all.iter().filter(|migration| migration.version <= version);
    sqlx::migrate::Migrator::with_migrations(earlier.cloned().collect())
        .run_direct(None, connection, false)
        .await
        .unwrap();
}

/// With a session in it that began three weeks ago and was used since.
async fn sessions_of_an_earlier_release_stay_open(database: Database) {
    sqlx::any::install_default_drivers();
    let token = Secret::new_random();
    let url = if database.url.starts_with("sqlite:") {
        format!("{}?mode=rwc", database.url)
    } else {
        database.url.clone()
    };
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    migrate_to(&mut connection, &url, 3).await;
    sqlx::query(
        "INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
         VALUES ('anna', 'anna', 'author', 'none', 1)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let (options, _) = database.options();
    let now = options.clock.now();
    let expires_at = now.plus_micros(9 * 24 * HOUR);
    sqlx::query(
        "INSERT INTO sessions (token_hash, account_id, expires_at)
         SELECT $1, id, $2 FROM accounts",
    )
    .bind(token.hash())
    .bind(expires_at.0)
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();

    let room = TestNewsroom::on(&database).await;
    let viewer = room.viewer(&token).await.unwrap().unwrap();
    assert_eq!(viewer.username, name("anna"));
    let sessions = room.own_sessions(&viewer).await.unwrap();
    assert_eq!(
        sessions[0].created_at,
        expires_at.plus_micros(-SESSION_LIFE)
    );
    assert!(sessions[0].last_seen_at > sessions[0].created_at);
}
