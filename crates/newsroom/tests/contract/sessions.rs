//! Sessions: their lifetime, and listing and ending them.

use domain::{Caller, Password, Role, SessionId, Username};
use newsroom::{Error, SESSION_IDLE_LIFE, SESSION_LIFE, Secret};
use sqlx::{AnyConnection, Connection, Row};

use super::support::{Database, TestNewsroom};

on_every_database! {
    unused_session_expires_early,
    last_use_of_a_session_is_stored_at_most_once_an_hour,
    last_use_of_a_token_is_stored_at_most_once_an_hour,
    sessions_are_listed_and_ended_by_id,
    sessions_of_other_accounts_cannot_be_ended,
    another_login_in_the_same_browser_ends_its_session,
    account_has_a_bounded_number_of_sessions,
    sessions_of_an_earlier_release_stay_open,
}

const PASSWORD: &str = "correct horse";
/// An hour, in microseconds.
const HOUR: i64 = 60 * 60 * 1_000_000;

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

async fn account(newsroom: &TestNewsroom, username: &str) -> Caller {
    let password = Password::parse(PASSWORD).unwrap();
    newsroom
        .create_account(&name(username), Role::Author, &password)
        .await
        .unwrap()
}

async fn unused_session_expires_early(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "anna").await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    newsroom.manual_clock.advance(SESSION_IDLE_LIFE);
    assert_eq!(newsroom.caller(&session.token).await.unwrap(), None);
    assert_eq!(newsroom.own_sessions(&anna).await.unwrap(), []);

    // A session in use stays open for longer.
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    for _ in 0..2 {
        newsroom.manual_clock.advance(SESSION_IDLE_LIFE - HOUR);
        assert!(newsroom.caller(&session.token).await.unwrap().is_some());
        newsroom.maintain_sessions().await.unwrap();
    }
    // Expired sessions are deleted.
    newsroom.manual_clock.advance(SESSION_LIFE);
    newsroom.maintain_sessions().await.unwrap();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let row = sqlx::query("SELECT COUNT(*) AS sessions FROM sessions")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>("sessions"), 0);
    connection.close().await.unwrap();
}

async fn last_use_of_a_session_is_stored_at_most_once_an_hour(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "anna").await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let logged_in_at = newsroom.clock().now();
    let last_seen = async || {
        newsroom.maintain_sessions().await.unwrap();
        newsroom.own_sessions(&anna).await.unwrap()[0].last_seen_at
    };
    newsroom.manual_clock.advance(HOUR - 1);
    newsroom.caller(&session.token).await.unwrap();
    assert_eq!(last_seen().await, logged_in_at);
    newsroom.manual_clock.advance(1);
    newsroom.caller(&session.token).await.unwrap();
    let seen = newsroom.clock().now();
    assert_eq!(last_seen().await, seen);
    newsroom.manual_clock.advance(HOUR / 2);
    newsroom.caller(&session.token).await.unwrap();
    assert_eq!(last_seen().await, seen);
}

async fn last_use_of_a_token_is_stored_at_most_once_an_hour(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let purpose = domain::TokenName::parse("").unwrap();
    let token = newsroom
        .create_token(&name("author"), &purpose)
        .await
        .unwrap();
    newsroom.maintain_sessions().await.unwrap();
    assert_eq!(newsroom.tokens().await.unwrap()[0].last_used_at, None);
    newsroom.token_caller(&token).await.unwrap();
    let used = newsroom.clock().now();
    newsroom.manual_clock.advance(HOUR - 1);
    for _ in 0..2 {
        newsroom.maintain_sessions().await.unwrap();
        assert_eq!(newsroom.tokens().await.unwrap()[0].last_used_at, Some(used));
        newsroom.token_caller(&token).await.unwrap();
    }
    newsroom.manual_clock.advance(1);
    newsroom.token_caller(&token).await.unwrap();
    newsroom.maintain_sessions().await.unwrap();
    let used = Some(newsroom.clock().now());
    assert_eq!(newsroom.tokens().await.unwrap()[0].last_used_at, used);
}

async fn sessions_are_listed_and_ended_by_id(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "anna").await;
    account(&newsroom, "Berta").await;
    let first = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let logged_in_at = newsroom.clock().now();
    newsroom.manual_clock.advance(HOUR);
    other.manual_clock.advance(HOUR);
    let second = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let third = newsroom.log_in("berta", PASSWORD).await.unwrap();

    let all = newsroom.sessions(None).await.unwrap();
    let accounts: Vec<_> = all.iter().map(|session| session.account.as_str()).collect();
    assert_eq!(accounts, ["Berta", "anna", "anna"]);
    let annas = other.sessions(Some(&name("ANNA"))).await.unwrap();
    assert_eq!(annas, all[1..]);
    assert_eq!(
        (annas[1].created_at, annas[1].last_seen_at),
        (logged_in_at, logged_in_at)
    );

    newsroom.end_session(annas[1].id).await.unwrap();
    assert_eq!(other.caller(&first.token).await.unwrap(), None);
    assert!(other.caller(&second.token).await.unwrap().is_some());
    for gone in [
        annas[1].id,
        SessionId(0),
        SessionId(-1),
        SessionId(i64::MAX),
    ] {
        assert_refused!(newsroom.end_session(gone).await, Error::NotFound("session"));
    }
    assert_eq!(newsroom.end_sessions_of(&name("anna")).await.unwrap(), 1);
    assert_eq!(newsroom.end_sessions_of(&name("anna")).await.unwrap(), 0);
    assert_eq!(other.caller(&second.token).await.unwrap(), None);
    assert!(other.caller(&third.token).await.unwrap().is_some());
}

async fn sessions_of_other_accounts_cannot_be_ended(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "anna").await;
    let berta = account(&newsroom, "berta").await;
    let annas = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let bertas = [
        newsroom.log_in("berta", PASSWORD).await.unwrap(),
        newsroom.log_in("berta", PASSWORD).await.unwrap(),
        newsroom.log_in("berta", PASSWORD).await.unwrap(),
    ];
    for session in newsroom.own_sessions(&berta).await.unwrap() {
        newsroom.end_own_session(&anna, session.id).await.unwrap();
    }
    let kept = newsroom.session(&annas.token).await.unwrap().unwrap();
    assert_eq!(kept.caller, anna);
    newsroom.end_other_sessions(&anna, kept.id).await.unwrap();
    for session in &bertas {
        assert!(newsroom.caller(&session.token).await.unwrap().is_some());
    }
    assert!(newsroom.caller(&annas.token).await.unwrap().is_some());

    let kept = newsroom.session(&bertas[1].token).await.unwrap().unwrap();
    let first = newsroom.session(&bertas[0].token).await.unwrap().unwrap();
    newsroom.end_own_session(&berta, first.id).await.unwrap();
    assert_eq!(newsroom.caller(&bertas[0].token).await.unwrap(), None);
    newsroom.end_other_sessions(&berta, kept.id).await.unwrap();
    let remaining = newsroom.own_sessions(&berta).await.unwrap();
    assert_eq!(
        remaining.iter().map(|open| open.id).collect::<Vec<_>>(),
        [kept.id]
    );
}

async fn another_login_in_the_same_browser_ends_its_session(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    account(&newsroom, "anna").await;
    account(&newsroom, "berta").await;
    let elsewhere = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let old = newsroom.log_in("anna", PASSWORD).await.unwrap();
    // A failed login ends no session.
    let failed = newsroom
        .log_in_replacing("berta", "wrong", Some(&old.token))
        .await;
    assert_refused!(failed, Error::WrongPassword);
    assert!(newsroom.caller(&old.token).await.unwrap().is_some());
    let new = newsroom
        .log_in_replacing("berta", PASSWORD, Some(&old.token))
        .await
        .unwrap();
    assert_eq!(newsroom.caller(&old.token).await.unwrap(), None);
    assert!(newsroom.caller(&new.token).await.unwrap().is_some());
    assert!(newsroom.caller(&elsewhere.token).await.unwrap().is_some());
    // A forged token ends no session, and the login succeeds.
    let forged = Secret::from_presented("forged");
    newsroom
        .log_in_replacing("berta", PASSWORD, Some(&forged))
        .await
        .unwrap();
}

async fn account_has_a_bounded_number_of_sessions(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "anna").await;
    let store = database.store().await;
    let stored = store.account_by_name(&name("anna")).await.unwrap();
    let hash = stored.unwrap().password_hash;
    let mut tokens = Vec::new();
    for _ in 0..102 {
        let token = Secret::new_random();
        let now = newsroom.clock().now();
        let session = newsroom::storage::NewSession {
            token: &token,
            account: anna.id,
            created_at: now,
            expires_at: now.plus_micros(SESSION_LIFE),
        };
        let added = store.add_session_of_login(session, &hash, None).await;
        assert!(added.unwrap());
        tokens.push(token);
        newsroom.manual_clock.advance(1);
    }
    store.close().await;
    assert_eq!(newsroom.own_sessions(&anna).await.unwrap().len(), 100);
    for (number, token) in tokens.iter().enumerate() {
        let open = newsroom.caller(token).await.unwrap().is_some();
        assert_eq!(open, number >= 2, "{number}");
    }
}

/// The database has a session that began three weeks ago and was used since.
async fn sessions_of_an_earlier_release_stay_open(database: Database) {
    let token = Secret::new_random();
    let mut connection = database.of_earlier_release(3).await;
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

    let newsroom = TestNewsroom::on(&database).await;
    let caller = newsroom.caller(&token).await.unwrap().unwrap();
    assert_eq!(caller.username, name("anna"));
    let sessions = newsroom.own_sessions(&caller).await.unwrap();
    assert_eq!(
        sessions[0].created_at,
        expires_at.plus_micros(-SESSION_LIFE)
    );
    assert!(sessions[0].last_seen_at > sessions[0].created_at);
}
