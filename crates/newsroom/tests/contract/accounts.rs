//! Accounts: creating, changing and disabling them.

use domain::{Invalid, Password, Role, TokenName, Username};
use newsroom::{Error, Newsroom, SESSION_IDLE_LIFE, SESSION_LIFE, Secret};

use super::support::{Database, TestNewsroom, with_timeout};

on_every_database! {
    usernames_are_unique_ignoring_case,
    login_needs_the_username_and_the_password,
    first_owner_is_created_once,
    one_of_two_concurrent_setups_creates_the_owner,
    setup_with_a_taken_username_is_refused,
    session_expires_after_its_lifetime,
    logout_ends_only_its_own_session,
    forged_session_token_is_rejected,
    easily_guessed_passwords_are_refused_everywhere,
    confusable_usernames_are_refused,
    accounts_are_listed_by_name,
    disabled_account_is_refused_by_every_server_at_once,
    enabling_an_account_restores_no_session_and_no_token,
    disabling_during_a_login_prevents_the_session,
    last_enabled_owner_cannot_be_demoted_or_disabled,
    one_of_two_owners_disabled_concurrently_stays_enabled,
    changed_role_applies_from_the_next_request,
    new_password_ends_all_sessions,
    changing_the_password_needs_the_current_one,
    unknown_account_cannot_be_changed,
}

const PASSWORD: &str = "correct horse";

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Opens a newsroom without accounts.
async fn open_without_accounts(database: &Database) -> std::sync::Arc<Newsroom> {
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    assert!(newsroom.needs_set_up().await.unwrap());
    newsroom
}

async fn usernames_are_unique_ignoring_case(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = newsroom
        .create_account(&name("Änna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    assert_eq!((anna.username.as_str(), anna.role), ("Änna", Role::Author));
    for taken in ["Änna", "änna", "ÄNNA"] {
        let again = newsroom
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
    let session = newsroom.log_in("ÄNNA", PASSWORD).await.unwrap();
    assert_eq!(session.caller, anna, "the username keeps its capitals");
}

async fn login_needs_the_username_and_the_password(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let longest: String = "abcdefghijk-".chars().cycle().take(Password::MAX).collect();
    let anna = newsroom
        .create_account(&name("anna"), Role::Reader, &password(&longest))
        .await
        .unwrap();
    assert_eq!(
        newsroom.log_in(" anna ", &longest).await.unwrap().caller,
        anna
    );
    for (username, password) in [
        ("anna", "correct horse"),
        ("anna", ""),
        ("anna", &longest[1..]),
        // A password is not cut off at the maximum length.
        ("anna", &format!("{longest}a")),
        ("nobody", &longest),
        ("", &longest),
        ("not a name", &longest),
        // This account has no valid password hash.
        ("owner", "none"),
    ] {
        let refused = newsroom.log_in(username, password).await;
        assert_refused!(refused, Error::WrongPassword);
    }
}

async fn first_owner_is_created_once(database: Database) {
    let newsroom = open_without_accounts(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    assert_eq!(session.caller.role, Role::Owner);
    let caller = newsroom.caller(&session.token).await.unwrap();
    assert_eq!(
        caller.as_ref(),
        Some(&session.caller),
        "the owner is logged in"
    );
    assert!(!newsroom.needs_set_up().await.unwrap());

    for who in ["Olga", "Otto"] {
        let again = newsroom
            .set_up(&name(who), &password("another password"))
            .await;
        assert_refused!(again, Error::Forbidden(_));
    }
    let session = newsroom.log_in("olga", PASSWORD).await.unwrap();
    assert_eq!(Some(session.caller), caller);
    assert_refused!(
        newsroom.log_in("Otto", "another password").await,
        Error::WrongPassword
    );
}

async fn one_of_two_concurrent_setups_creates_the_owner(database: Database) {
    let servers = [
        open_without_accounts(&database).await,
        open_without_accounts(&database).await,
    ];
    let (olga, otto, password) = (name("Olga"), name("Otto"), password(PASSWORD));
    let (one, other) = tokio::join!(
        servers[0].set_up(&olga, &password),
        servers[1].set_up(&otto, &password),
    );
    let (created, refused) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(created.unwrap().caller.role, Role::Owner);
    assert_refused!(refused, Error::Forbidden(_));
}

async fn setup_with_a_taken_username_is_refused(database: Database) {
    let newsroom = open_without_accounts(&database).await;
    newsroom
        .create_account(&name("Rita"), Role::Reader, &password(PASSWORD))
        .await
        .unwrap();
    assert!(
        newsroom.needs_set_up().await.unwrap(),
        "a reader is not an owner"
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

async fn session_expires_after_its_lifetime(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom
        .create_account(&name("anna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    assert_eq!(
        session.expires_at,
        newsroom.clock().now().plus_micros(SESSION_LIFE)
    );
    // Use does not extend a session beyond its lifetime.
    let (step, last) = (SESSION_IDLE_LIFE - 1, SESSION_LIFE - 1);
    for passed in [step, 2 * step, last] {
        let now = newsroom.clock().now().0;
        newsroom
            .manual_clock
            .advance(session.expires_at.0 - SESSION_LIFE + passed - now);
        assert_eq!(
            newsroom.caller(&session.token).await.unwrap().as_ref(),
            Some(&session.caller)
        );
        newsroom.maintain_sessions().await.unwrap();
    }
    newsroom.manual_clock.advance(1);
    assert_eq!(newsroom.caller(&session.token).await.unwrap(), None);
}

async fn logout_ends_only_its_own_session(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom
        .create_account(&name("anna"), Role::Author, &password(PASSWORD))
        .await
        .unwrap();
    let desk = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let phone = newsroom.log_in("anna", PASSWORD).await.unwrap();
    assert_ne!(desk.token, phone.token);
    for _ in 0..2 {
        newsroom.log_out(&desk.token).await.unwrap();
        assert_eq!(newsroom.caller(&desk.token).await.unwrap(), None);
        assert_eq!(
            newsroom.caller(&phone.token).await.unwrap().as_ref(),
            Some(&phone.caller)
        );
    }
}

async fn forged_session_token_is_rejected(database: Database) {
    let newsroom = open_without_accounts(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    let token = session.token.reveal();
    assert!(token.len() >= 40, "the token can be guessed: {token}");
    let shown = Secret::from_presented(token);
    assert_eq!(newsroom.caller(&shown).await.unwrap(), Some(session.caller));
    for forged in [
        "",
        "x",
        &token[1..],
        &token.to_uppercase(),
        &format!("{token} "),
        "' OR 1=1 --",
    ] {
        let forged = Secret::from_presented(forged);
        assert_eq!(
            newsroom.caller(&forged).await.unwrap(),
            None,
            "{}",
            forged.reveal()
        );
        newsroom.log_out(&forged).await.unwrap();
    }
    let other = Secret::new_random();
    assert_eq!(newsroom.caller(&other).await.unwrap(), None);
    assert!(
        newsroom.caller(&session.token).await.unwrap().is_some(),
        "a forged token ended the session"
    );
    assert!(
        !format!("{:?}", session.token).contains(token),
        "Debug output would put the token into logs"
    );
}

/// Creates an account with [`PASSWORD`].
async fn account(newsroom: &TestNewsroom, username: &str, role: Role) -> domain::Caller {
    newsroom
        .create_account(&name(username), role, &password(PASSWORD))
        .await
        .unwrap()
}

/// Creates a token that acts as the account `username`.
async fn token(newsroom: &TestNewsroom, username: &str) -> Secret {
    let purpose = TokenName::parse("").unwrap();
    newsroom
        .create_token(&name(username), &purpose)
        .await
        .unwrap()
}

async fn easily_guessed_passwords_are_refused_everywhere(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "annamaria", Role::Author).await;
    for weak in ["Password2026", "annamaria1", "qwertyuiop"] {
        let weak = password(weak);
        let name = name("annamaria");
        assert_refused!(
            newsroom.create_account(&name, Role::Author, &weak).await,
            Error::Invalid(Invalid {
                field: "password",
                ..
            })
        );
        assert_refused!(
            newsroom.set_up(&name, &weak).await,
            Error::Invalid(Invalid {
                field: "password",
                ..
            })
        );
        assert_refused!(
            newsroom.set_password(&name, &weak).await,
            Error::Invalid(Invalid {
                field: "password",
                ..
            })
        );
        assert_refused!(
            newsroom.change_password(&anna, PASSWORD, &weak).await,
            Error::Invalid(Invalid {
                field: "password",
                ..
            })
        );
    }
    newsroom.log_in("annamaria", PASSWORD).await.unwrap();
}

async fn confusable_usernames_are_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    // The first letter is Cyrillic.
    let forged = name("\u{430}uthor");
    assert_refused!(
        newsroom
            .create_account(&forged, Role::Author, &password(PASSWORD))
            .await,
        Error::Invalid(Invalid {
            field: "username",
            ..
        })
    );
    assert_refused!(
        newsroom.set_up(&forged, &password(PASSWORD)).await,
        Error::Invalid(_)
    );
    account(&newsroom, "Анна", Role::Author).await;
}

async fn accounts_are_listed_by_name(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.disable_account(&name("READER")).await.unwrap();
    let listed = newsroom.accounts().await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|account| {
            let disabled = account.disabled_at.is_some();
            (
                account.caller.username.as_str(),
                account.caller.role,
                disabled,
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("author", Role::Author, false),
            ("editor", Role::Editor, false),
            ("owner", Role::Owner, false),
            ("reader", Role::Reader, true),
        ]
    );
    assert!(
        newsroom
            .accounts()
            .await
            .unwrap()
            .iter()
            .all(|account| account.created_at == newsroom.clock().now())
    );
}

async fn disabled_account_is_refused_by_every_server_at_once(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "Anna", Role::Author).await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let second = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let token = token(&newsroom, "anna").await;
    for server in [&newsroom, &other] {
        assert!(server.caller(&session.token).await.unwrap().is_some());
        assert!(server.token_caller(&token).await.unwrap().is_some());
    }
    let ended = newsroom.disable_account(&name("anna")).await.unwrap();
    assert_eq!(
        (ended.username.as_str(), ended.sessions, ended.tokens),
        ("Anna", 2, 1)
    );
    for server in [&other, &newsroom] {
        assert_eq!(server.caller(&session.token).await.unwrap(), None);
        assert_eq!(server.caller(&second.token).await.unwrap(), None);
        assert_eq!(server.token_caller(&token).await.unwrap(), None);
        assert_refused!(server.log_in("anna", PASSWORD).await, Error::WrongPassword);
    }
    let purpose = TokenName::parse("").unwrap();
    assert_refused!(
        newsroom.create_token(&name("anna"), &purpose).await,
        Error::Forbidden(_)
    );
    // Disabling it again changes nothing.
    let again = newsroom.disable_account(&name("anna")).await.unwrap();
    assert_eq!((again.sessions, again.tokens), (0, 0));
    // Other accounts are not affected.
    assert_eq!(newsroom.accounts().await.unwrap().len(), 5);
    account(&newsroom, "berta", Role::Author).await;
    newsroom.log_in("berta", PASSWORD).await.unwrap();
}

async fn enabling_an_account_restores_no_session_and_no_token(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    account(&newsroom, "anna", Role::Author).await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let token = token(&newsroom, "anna").await;
    newsroom.disable_account(&name("anna")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(
            newsroom.enable_account(&name("ANNA")).await.unwrap(),
            name("anna")
        );
    }
    assert_eq!(newsroom.caller(&session.token).await.unwrap(), None);
    assert_eq!(newsroom.token_caller(&token).await.unwrap(), None);
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    assert!(newsroom.caller(&session.token).await.unwrap().is_some());
}

/// A session whose login was verified just before must not survive the disabling, and enabling the
/// account must not bring it back.
async fn disabling_during_a_login_prevents_the_session(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "anna", Role::Author).await;
    let anna = name("anna");
    let (logins, disabled) = tokio::join!(
        async {
            let logins = (0..4).map(|_| newsroom.log_in("anna", PASSWORD));
            join_all(logins).await
        },
        other.disable_account(&anna),
    );
    disabled.unwrap();
    newsroom.enable_account(&anna).await.unwrap();
    for login in logins {
        match login {
            Ok(session) => assert_eq!(newsroom.caller(&session.token).await.unwrap(), None),
            Err(Error::WrongPassword) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(newsroom.sessions(Some(&anna)).await.unwrap(), []);
}

/// Awaits all of `futures` concurrently.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    with_timeout(std::future::poll_fn(|context| {
        for (future, done) in pending.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    }))
    .await;
    done.into_iter().flatten().collect()
}

async fn last_enabled_owner_cannot_be_demoted_or_disabled(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let owner = name("owner");
    assert_refused!(newsroom.disable_account(&owner).await, Error::Forbidden(_));
    assert_refused!(
        newsroom.set_role(&owner, Role::Editor).await,
        Error::Forbidden(_)
    );
    newsroom.set_role(&owner, Role::Owner).await.unwrap();
    // A disabled owner does not count.
    let second = name("second");
    account(&newsroom, "second", Role::Owner).await;
    newsroom.disable_account(&second).await.unwrap();
    assert_refused!(newsroom.disable_account(&owner).await, Error::Forbidden(_));
    newsroom.enable_account(&second).await.unwrap();
    newsroom.disable_account(&owner).await.unwrap();
    assert_refused!(
        newsroom.set_role(&second, Role::Author).await,
        Error::Forbidden(_)
    );
    // A disabled owner may be demoted.
    newsroom.set_role(&owner, Role::Reader).await.unwrap();
    assert!(!newsroom.needs_set_up().await.unwrap());
}

async fn one_of_two_owners_disabled_concurrently_stays_enabled(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "second", Role::Owner).await;
    let (owner, second) = (name("owner"), name("second"));
    let (one, two) = tokio::join!(
        newsroom.disable_account(&owner),
        other.set_role(&second, Role::Author)
    );
    assert_ne!(one.is_ok(), two.is_ok());
}

async fn changed_role_applies_from_the_next_request(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "anna", Role::Author).await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let token = token(&newsroom, "anna").await;
    let changed = newsroom
        .set_role(&name("ANNA"), Role::Reader)
        .await
        .unwrap();
    assert_eq!(changed, name("anna"));
    for server in [&newsroom, &other] {
        let caller = server.caller(&session.token).await.unwrap().unwrap();
        assert_eq!(caller.role, Role::Reader);
        let holder = server.token_caller(&token).await.unwrap().unwrap();
        assert_eq!(holder.role, Role::Reader);
    }
}

async fn new_password_ends_all_sessions(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "Anna", Role::Author).await;
    let session = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let token = token(&newsroom, "anna").await;
    let ended = newsroom
        .set_password(&name("anna"), &password("a fresh one, please"))
        .await
        .unwrap();
    assert_eq!((ended.username.as_str(), ended.sessions), ("Anna", 1));
    for server in [&newsroom, &other] {
        assert_eq!(server.caller(&session.token).await.unwrap(), None);
        assert_refused!(server.log_in("anna", PASSWORD).await, Error::WrongPassword);
        // API tokens do not depend on the password.
        assert!(server.token_caller(&token).await.unwrap().is_some());
    }
    newsroom
        .log_in("anna", "a fresh one, please")
        .await
        .unwrap();
}

async fn changing_the_password_needs_the_current_one(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let anna = account(&newsroom, "anna", Role::Reader).await;
    let desk = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let phone = newsroom.log_in("anna", PASSWORD).await.unwrap();
    let fresh = password("a fresh one, please");
    for wrong in ["", "correct hors", "a fresh one, please"] {
        assert_refused!(
            newsroom.change_password(&anna, wrong, &fresh).await,
            Error::Invalid(Invalid {
                field: "current_password",
                ..
            })
        );
    }
    assert!(newsroom.caller(&phone.token).await.unwrap().is_some());

    let session = newsroom
        .change_password(&anna, PASSWORD, &fresh)
        .await
        .unwrap();
    // Not even a copy of this browser's own cookie is accepted now.
    for old in [&desk.token, &phone.token] {
        assert_eq!(newsroom.caller(old).await.unwrap(), None);
    }
    assert_eq!(
        newsroom.caller(&session.token).await.unwrap(),
        Some(anna.clone())
    );
    assert_eq!(newsroom.own_sessions(&anna).await.unwrap().len(), 1);
    assert_refused!(
        newsroom.log_in("anna", PASSWORD).await,
        Error::WrongPassword
    );
    newsroom.disable_account(&name("anna")).await.unwrap();
    let refused = newsroom
        .change_password(&anna, "a fresh one, please", &password(PASSWORD))
        .await;
    assert_refused!(refused, Error::Unauthenticated);
}

async fn unknown_account_cannot_be_changed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let unknown = name("nobody");
    assert_refused!(
        newsroom.set_password(&unknown, &password(PASSWORD)).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.set_role(&unknown, Role::Owner).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.disable_account(&unknown).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.enable_account(&unknown).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.sessions(Some(&unknown)).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.end_sessions_of(&unknown).await,
        Error::NotFound("account")
    );
}
