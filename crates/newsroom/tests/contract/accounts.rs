//! Accounts and sessions.

use domain::{Invalid, Password, Role, Username};
use newsroom::{Error, Newsroom, SESSION_LIFE, Secret};

use super::support::{Database, TestNewsroom};

on_every_database! {
    a_name_is_taken_in_any_capitals,
    logging_in_needs_the_name_and_the_password,
    the_first_owner_is_made_once,
    of_two_who_set_up_at_once_one_is_made_owner,
    setting_up_with_a_taken_name_is_refused,
    a_session_ends_when_its_time_is_over,
    a_session_ends_when_its_holder_leaves,
    a_forged_token_opens_nothing,
}

const PASSWORD: &str = "correct horse";

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Whether there is nobody yet, and nothing to log in with.
async fn empty(database: &Database) -> std::sync::Arc<Newsroom> {
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    assert!(newsroom.needs_set_up().await.unwrap());
    newsroom
}

async fn a_name_is_taken_in_any_capitals(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let anna = room
        .create_account(&name("Änna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    assert_eq!((anna.username.as_str(), anna.role), ("Änna", Role::Author));
    for taken in ["Änna", "änna", "ÄNNA"] {
        let again = room
            .create_account(&name(taken), Role::Owner, &password(PASSWORD))
            .await;
        assert_refused!(
            again,
            Error::Invalid(Invalid {
                field: "username",
                ..
            })
        );
    }
    let session = room.log_in("ÄNNA", PASSWORD).await.unwrap();
    assert_eq!(session.viewer, anna, "the name is shown as it was chosen");
}

async fn logging_in_needs_the_name_and_the_password(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let longest = "a".repeat(Password::MAX);
    let anna = room
        .create_account(&name("anna"), Role::Reader, &password(&longest))
        .await
        .unwrap();
    assert_eq!(room.log_in(" anna ", &longest).await.unwrap().viewer, anna);
    for (username, password) in [
        ("anna", "correct horse"),
        ("anna", ""),
        ("anna", &longest[1..]),
        // No prefix of a longer text is the password.
        ("anna", &format!("{longest}a")),
        ("nobody", &longest),
        ("", &longest),
        ("not a name", &longest),
        // Made without a password that would open it.
        ("owner", "none"),
    ] {
        let refused = room.log_in(username, password).await;
        assert_refused!(refused, Error::WrongPassword);
    }
}

async fn the_first_owner_is_made_once(database: Database) {
    let newsroom = empty(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    assert_eq!(session.viewer.role, Role::Owner);
    let viewer = newsroom.viewer(&session.token).await.unwrap();
    assert_eq!(viewer.as_ref(), Some(&session.viewer), "and is logged in");
    assert!(!newsroom.needs_set_up().await.unwrap());

    for who in ["Olga", "Otto"] {
        let again = newsroom
            .set_up(&name(who), &password("another password"))
            .await;
        assert_refused!(again, Error::Forbidden(_));
    }
    let session = newsroom.log_in("olga", PASSWORD).await.unwrap();
    assert_eq!(Some(session.viewer), viewer);
    assert_refused!(
        newsroom.log_in("Otto", "another password").await,
        Error::WrongPassword
    );
}

async fn of_two_who_set_up_at_once_one_is_made_owner(database: Database) {
    let servers = [empty(&database).await, empty(&database).await];
    let (olga, otto, password) = (name("Olga"), name("Otto"), password(PASSWORD));
    let (one, other) = tokio::join!(
        servers[0].set_up(&olga, &password),
        servers[1].set_up(&otto, &password),
    );
    let (made, refused) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(made.unwrap().viewer.role, Role::Owner);
    assert_refused!(refused, Error::Forbidden(_));
}

async fn setting_up_with_a_taken_name_is_refused(database: Database) {
    let newsroom = empty(&database).await;
    newsroom
        .create_account(&name("Rita"), Role::Reader, &password(PASSWORD))
        .await
        .unwrap();
    assert!(
        newsroom.needs_set_up().await.unwrap(),
        "a reader is no owner"
    );
    for _ in 0..2 {
        let refused = newsroom
            .set_up(&name("rita"), &password("another password"))
            .await;
        assert_refused!(
            refused,
            Error::Invalid(Invalid {
                field: "username",
                ..
            })
        );
    }
    newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
}

async fn a_session_ends_when_its_time_is_over(database: Database) {
    let room = TestNewsroom::on(&database).await;
    room.create_account(&name("anna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    let session = room.log_in("anna", PASSWORD).await.unwrap();
    assert_eq!(
        session.expires_at,
        room.clock().now().plus_micros(SESSION_LIFE)
    );
    room.hand.advance(SESSION_LIFE - 1);
    assert_eq!(
        room.viewer(&session.token).await.unwrap(),
        Some(session.viewer)
    );
    room.hand.advance(1);
    assert_eq!(room.viewer(&session.token).await.unwrap(), None);
}

async fn a_session_ends_when_its_holder_leaves(database: Database) {
    let room = TestNewsroom::on(&database).await;
    room.create_account(&name("anna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    let desk = room.log_in("anna", PASSWORD).await.unwrap();
    let phone = room.log_in("anna", PASSWORD).await.unwrap();
    assert_ne!(desk.token, phone.token);
    for _ in 0..2 {
        room.log_out(&desk.token).await.unwrap();
        assert_eq!(room.viewer(&desk.token).await.unwrap(), None);
        assert_eq!(
            room.viewer(&phone.token).await.unwrap().as_ref(),
            Some(&phone.viewer)
        );
    }
}

async fn a_forged_token_opens_nothing(database: Database) {
    let newsroom = empty(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    let token = session.token.reveal();
    assert!(token.len() >= 40, "it can be guessed: {token}");
    let shown = Secret::shown(token);
    assert_eq!(newsroom.viewer(&shown).await.unwrap(), Some(session.viewer));
    for forged in [
        "",
        "x",
        &token[1..],
        &token.to_uppercase(),
        &format!("{token} "),
        "' OR 1=1 --",
    ] {
        let forged = Secret::shown(forged);
        assert_eq!(
            newsroom.viewer(&forged).await.unwrap(),
            None,
            "{}",
            forged.reveal()
        );
        newsroom.log_out(&forged).await.unwrap();
    }
    let other = Secret::new_random();
    assert_eq!(newsroom.viewer(&other).await.unwrap(), None);
    assert!(
        newsroom.viewer(&session.token).await.unwrap().is_some(),
        "a forged one ended it"
    );
    assert!(
        !format!("{:?}", session.token).contains(token),
        "a log would show it"
    );
}
