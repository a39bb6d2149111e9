//! Accounts: creating them, changing them, and taking them back.

use domain::{Invalid, Password, Role, TokenName, Username};
use newsroom::{Error, Newsroom, SESSION_IDLE_LIFE, SESSION_LIFE, Secret};

use super::support::{Database, TestNewsroom, soon};

on_every_database! {
    a_name_is_taken_in_any_capitals,
    logging_in_needs_the_name_and_the_password,
    the_first_owner_is_made_once,
    of_two_who_set_up_at_once_one_is_made_owner,
    setting_up_with_a_taken_name_is_refused,
    a_session_ends_when_its_time_is_over,
    a_session_ends_when_its_holder_leaves,
    a_forged_token_opens_nothing,
    easily_guessed_passwords_are_refused_everywhere,
    names_that_look_like_others_are_refused,
    accounts_are_listed_by_name,
    a_disabled_account_is_refused_by_every_server_at_once,
    enabling_an_account_revives_no_session_and_no_token,
    disabling_during_a_login_lets_no_session_begin,
    the_last_enabled_owner_stays_an_owner,
    of_two_owners_that_are_disabled_at_once_one_stays,
    a_changed_role_counts_from_the_next_request,
    a_new_password_ends_all_sessions,
    changing_ones_password_needs_the_current_one,
    an_unknown_account_cannot_be_changed,
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
    assert_eq!(session.caller, anna, "the name is shown as it was chosen");
}

async fn logging_in_needs_the_name_and_the_password(database: Database) {
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
        // No prefix of a longer text is the password.
        ("anna", &format!("{longest}a")),
        ("nobody", &longest),
        ("", &longest),
        ("not a name", &longest),
        // Made without a password that would open it.
        ("owner", "none"),
    ] {
        let refused = newsroom.log_in(username, password).await;
        assert_refused!(refused, Error::WrongPassword);
    }
}

async fn the_first_owner_is_made_once(database: Database) {
    let newsroom = empty(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    assert_eq!(session.caller.role, Role::Owner);
    let caller = newsroom.caller(&session.token).await.unwrap();
    assert_eq!(caller.as_ref(), Some(&session.caller), "and is logged in");
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
    assert_eq!(made.unwrap().caller.role, Role::Owner);
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
    // Used again and again, it lasts for its whole time and no longer.
    let (step, last) = (SESSION_IDLE_LIFE - 1, SESSION_LIFE - 1);
    for passed in [step, 2 * step, last] {
        let now = newsroom.clock().now().0;
        newsroom
            .hand
            .advance(session.expires_at.0 - SESSION_LIFE + passed - now);
        assert_eq!(
            newsroom.caller(&session.token).await.unwrap().as_ref(),
            Some(&session.caller)
        );
        newsroom.maintain_sessions().await.unwrap();
    }
    newsroom.hand.advance(1);
    assert_eq!(newsroom.caller(&session.token).await.unwrap(), None);
}

async fn a_session_ends_when_its_holder_leaves(database: Database) {
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

async fn a_forged_token_opens_nothing(database: Database) {
    let newsroom = empty(&database).await;
    let session = newsroom
        .set_up(&name("Olga"), &password(PASSWORD))
        .await
        .unwrap();
    let token = session.token.reveal();
    assert!(token.len() >= 40, "it can be guessed: {token}");
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
        "a forged one ended it"
    );
    assert!(
        !format!("{:?}", session.token).contains(token),
        "a log would show it"
    );
}

/// An account with [`PASSWORD`].
async fn account(newsroom: &TestNewsroom, username: &str, role: Role) -> domain::Caller {
    newsroom
        .create_account(&name(username), role, &password(PASSWORD))
        .await
        .unwrap()
}

/// A token that acts as the account `username`.
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

async fn names_that_look_like_others_are_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    // The first letter is a Cyrillic one.
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

async fn a_disabled_account_is_refused_by_every_server_at_once(database: Database) {
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
    // Again, it changes nothing.
    let again = newsroom.disable_account(&name("anna")).await.unwrap();
    assert_eq!((again.sessions, again.tokens), (0, 0));
    // Others are left alone.
    assert_eq!(newsroom.accounts().await.unwrap().len(), 5);
    account(&newsroom, "berta", Role::Author).await;
    newsroom.log_in("berta", PASSWORD).await.unwrap();
}

async fn enabling_an_account_revives_no_session_and_no_token(database: Database) {
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

/// A session whose login was verified just before must not outlive the disabling, nor come back with enabling.
async fn disabling_during_a_login_lets_no_session_begin(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "anna", Role::Author).await;
    let anna = name("anna");
    let (logins, disabled) = tokio::join!(
        async {
            let logins = (0..4).map(|_| newsroom.log_in("anna", PASSWORD));
            futures_of(logins).await
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

/// Awaits all of `futures` at once.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    soon(std::future::poll_fn(|context| {
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

async fn the_last_enabled_owner_stays_an_owner(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let owner = name("owner");
    assert_refused!(newsroom.disable_account(&owner).await, Error::Forbidden(_));
    assert_refused!(
        newsroom.set_role(&owner, Role::Editor).await,
        Error::Forbidden(_)
    );
    newsroom.set_role(&owner, Role::Owner).await.unwrap();
    // An owner that is disabled is none.
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
    // Who is disabled already may be lowered.
    newsroom.set_role(&owner, Role::Reader).await.unwrap();
    assert!(!newsroom.needs_set_up().await.unwrap());
}

async fn of_two_owners_that_are_disabled_at_once_one_stays(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    account(&newsroom, "second", Role::Owner).await;
    let (owner, second) = (name("owner"), name("second"));
    let (one, two) = tokio::join!(
        newsroom.disable_account(&owner),
        other.set_role(&second, Role::Author)
    );
    assert_ne!(one.is_ok(), two.is_ok());
}

async fn a_changed_role_counts_from_the_next_request(database: Database) {
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

async fn a_new_password_ends_all_sessions(database: Database) {
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
        // Programs don't know the password.
        assert!(server.token_caller(&token).await.unwrap().is_some());
    }
    newsroom
        .log_in("anna", "a fresh one, please")
        .await
        .unwrap();
}

async fn changing_ones_password_needs_the_current_one(database: Database) {
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
    // Not even a copy of this browser's own cookie opens anything now.
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

async fn an_unknown_account_cannot_be_changed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let nobody = name("nobody");
    assert_refused!(
        newsroom.set_password(&nobody, &password(PASSWORD)).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.set_role(&nobody, Role::Owner).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.disable_account(&nobody).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.enable_account(&nobody).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.sessions(Some(&nobody)).await,
        Error::NotFound("account")
    );
    assert_refused!(
        newsroom.end_sessions_of(&nobody).await,
        Error::NotFound("account")
    );
}
