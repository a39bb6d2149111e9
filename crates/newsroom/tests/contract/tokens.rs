//! API tokens: the account that they act as, and revoking them.

use domain::{TokenId, TokenName, Username};
use newsroom::{Error, Secret};
use sqlx::{AnyConnection, Connection, Row};

use super::support::{Database, TestNewsroom};

on_every_database! {
    token_acts_as_its_account,
    account_can_have_several_tokens,
    revoked_token_is_rejected_by_every_server,
    unknown_account_gets_no_token,
    only_the_hash_of_a_token_is_stored,
}

fn account(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn name(text: &str) -> TokenName {
    TokenName::parse(text).unwrap()
}

async fn token_acts_as_its_account(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let token = newsroom
        .create_token(&account("Author"), &name("ticker"))
        .await
        .unwrap();
    assert!(
        token.reveal().starts_with("rs_"),
        "a leaked token could not be recognized"
    );
    let holder = newsroom.token_caller(&token).await.unwrap();
    assert_eq!(holder.as_ref(), Some(&newsroom.author));
    // A token is not accepted as a session token.
    assert_eq!(newsroom.caller(&token).await.unwrap(), None);
    for shown in [
        "",
        "rs_",
        &token.reveal()[3..],
        &format!("{}x", token.reveal()),
    ] {
        let holder = newsroom
            .token_caller(&Secret::from_presented(shown))
            .await
            .unwrap();
        assert_eq!(holder, None, "{shown}");
    }
}

async fn account_can_have_several_tokens(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let author = account("author");
    let first = newsroom
        .create_token(&author, &name("ticker"))
        .await
        .unwrap();
    let second = newsroom.create_token(&author, &name("")).await.unwrap();
    let third = newsroom
        .create_token(&account("editor"), &name(""))
        .await
        .unwrap();
    assert!(first != second && second != third);
    let listed = newsroom.tokens().await.unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|token| (token.account.as_str(), token.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [("author", "ticker"), ("author", ""), ("editor", "")]
    );
    assert!(
        listed
            .iter()
            .all(|token| token.created_at == newsroom.clock().now())
    );
    assert!(listed.is_sorted_by_key(|token| token.id));
}

async fn revoked_token_is_rejected_by_every_server(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    let author = account("author");
    let revoked = newsroom.create_token(&author, &name("")).await.unwrap();
    let kept = newsroom.create_token(&author, &name("")).await.unwrap();
    let id = newsroom.tokens().await.unwrap()[0].id;
    newsroom.revoke_token(id).await.unwrap();
    for server in [&newsroom, &other] {
        assert_eq!(server.token_caller(&revoked).await.unwrap(), None);
        assert!(server.token_caller(&kept).await.unwrap().is_some());
    }
    for gone in [id, TokenId(0), TokenId(-1), TokenId(i64::MAX)] {
        assert_refused!(newsroom.revoke_token(gone).await, Error::NotFound("token"));
    }
    assert_eq!(newsroom.tokens().await.unwrap().len(), 1);
}

async fn unknown_account_gets_no_token(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let token = newsroom.create_token(&account("nobody"), &name("")).await;
    assert_refused!(token, Error::NotFound("account"));
    assert_eq!(newsroom.tokens().await.unwrap(), []);
}

async fn only_the_hash_of_a_token_is_stored(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let token = newsroom
        .create_token(&account("owner"), &name(""))
        .await
        .unwrap();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let stored: Vec<u8> = sqlx::query("SELECT token_hash FROM tokens")
        .fetch_one(&mut connection)
        .await
        .unwrap()
        .get("token_hash");
    assert_eq!(stored, token.hash());
    let secret = token.reveal().as_bytes();
    assert!(
        !secret
            .windows(8)
            .any(|part| stored.windows(8).any(|stored| stored == part))
    );
}
