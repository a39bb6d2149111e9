//! The names of people in rooms.

use super::*;

on_every_database! {
    name_belongs_to_the_guest_who_uses_it,
    name_without_a_cookie_belongs_to_the_address,
    name_of_an_account_is_reserved_in_every_room,
    new_account_takes_its_name_from_guests,
    look_alike_of_a_name_is_the_same_name,
    name_is_free_a_day_after_the_last_message,
    names_of_a_person_are_limited,
    account_of_an_earlier_release_is_reserved,
    cookie_is_valid_on_every_server,
}

/// An address that differs from all others of the tests.
const ELSEWHERE: &str = "203.0.113.5";

async fn name_belongs_to_the_guest_who_uses_it(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let ann = newsroom.send("lobby", "ann", "Hello").await.guest.unwrap();
    let refused = newsroom
        .try_send("lobby", &program(ELSEWHERE), "ann", "Not ann")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
    newsroom
        .try_send("lobby", &browser(&ann), "ann", "Still ann")
        .await
        .unwrap();
    // In another room the name is free.
    newsroom
        .try_send("other", &program(ELSEWHERE), "ann", "Another ann")
        .await
        .unwrap();
    assert_refused!(
        newsroom.try_send("other", &browser(&ann), "ann", "x").await,
        Error::NickTaken(_)
    );
    // A guest may have several names, and nobody else has them.
    newsroom
        .try_send("lobby", &browser(&ann), "Ann B.", "Me too")
        .await
        .unwrap();
    let refused = newsroom
        .try_send("lobby", &program(ELSEWHERE), "Ann B.", "x")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
    assert_eq!(
        newsroom.room_texts("lobby").await,
        ["Hello", "Still ann", "Me too"]
    );
}

async fn name_without_a_cookie_belongs_to_the_address(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let here = program("192.0.2.1");
    let first = newsroom.try_send("lobby", &here, "bot", "1").await.unwrap();
    let second = newsroom.try_send("lobby", &here, "bot", "2").await.unwrap();
    assert_eq!(first.guest, second.guest);
    let refused = newsroom
        .try_send("lobby", &program(ELSEWHERE), "bot", "x")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
    // Once the cookie was presented, the address proves nothing.
    let cookie = browser(&second.guest.unwrap());
    newsroom
        .try_send("lobby", &cookie, "bot", "3")
        .await
        .unwrap();
    assert_refused!(
        newsroom.try_send("lobby", &here, "bot", "x").await,
        Error::NickTaken(_)
    );
    assert_eq!(newsroom.room_texts("lobby").await, ["1", "2", "3"]);
}

async fn name_of_an_account_is_reserved_in_every_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    for look_alike in [
        "author",
        "AUTHOR",
        "\u{430}uth\u{43e}r",
        "auth0r",
        "au thor",
    ] {
        let refused = newsroom
            .try_send("lobby", &program("192.0.2.1"), look_alike, "x")
            .await;
        assert_refused!(refused, Error::NickTaken(_));
        let refused = newsroom
            .try_send("lobby", &member(&newsroom.editor), look_alike, "x")
            .await;
        assert_refused!(refused, Error::NickTaken(_));
    }
    let own = member(&newsroom.author);
    newsroom
        .try_send("lobby", &own, "author", "It's me")
        .await
        .unwrap();
    let unnamed = NewMessage {
        from: None,
        ..new_message("x", "Me again")
    };
    let sent = newsroom
        .post_message(name("lobby"), &own, &unnamed)
        .await
        .unwrap();
    assert_eq!((sent.message.nick.as_str(), sent.guest), ("author", None));
    let refused = newsroom
        .post_message(name("lobby"), &program(ELSEWHERE), &unnamed)
        .await;
    assert_refused!(refused, Error::Invalid(invalid) if invalid.field == "from");
}

async fn new_account_takes_its_name_from_guests(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let guest = newsroom
        .send("lobby", "carol", "Hello")
        .await
        .guest
        .unwrap();
    let username = domain::Username::parse("carol").unwrap();
    let password = domain::Password::parse("correct horse battery").unwrap();
    let carol = newsroom
        .create_account(&username, domain::Role::Reader, &password)
        .await
        .unwrap();
    assert_refused!(
        newsroom
            .try_send("lobby", &browser(&guest), "carol", "x")
            .await,
        Error::NickTaken(_)
    );
    newsroom
        .try_send("lobby", &member(&carol), "carol", "Now it's me")
        .await
        .unwrap();
}

async fn look_alike_of_a_name_is_the_same_name(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let guest = newsroom.send("lobby", "Otto", "Hello").await.guest.unwrap();
    for look_alike in ["otto", "0tt0", "\u{39f}tto", "Ｏｔｔｏ"] {
        let refused = newsroom
            .try_send("lobby", &program(ELSEWHERE), look_alike, "x")
            .await;
        assert_refused!(refused, Error::NickTaken(_));
        newsroom
            .try_send("lobby", &browser(&guest), look_alike, "x")
            .await
            .unwrap();
    }
}

async fn name_is_free_a_day_after_the_last_message(database: Database) {
    const HOUR: i64 = 60 * 60 * 1_000_000;
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.send("lobby", "ann", "Hello").await;
    newsroom.manual_clock.advance(23 * HOUR);
    newsroom.send("lobby", "ann", "Hello again").await;
    newsroom.manual_clock.advance(23 * HOUR);
    let refused = newsroom
        .try_send("lobby", &program(ELSEWHERE), "ann", "x")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
    newsroom.manual_clock.advance(HOUR);
    newsroom
        .try_send("lobby", &program(ELSEWHERE), "ann", "Another ann")
        .await
        .unwrap();
    let refused = newsroom
        .try_send("lobby", &program("192.0.2.1"), "ann", "x")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
}

async fn names_of_a_person_are_limited(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let guest = newsroom
        .send("lobby", "name 0", "Hello")
        .await
        .guest
        .unwrap();
    for number in 1..10 {
        newsroom
            .try_send(
                "lobby",
                &browser(&guest),
                &format!("name {number}"),
                "Hello",
            )
            .await
            .unwrap();
    }
    assert_refused!(
        newsroom
            .try_send("lobby", &browser(&guest), "name 10", "x")
            .await,
        Error::Forbidden(_)
    );
    newsroom
        .try_send("lobby", &browser(&guest), "name 3", "Hello")
        .await
        .unwrap();
}

async fn account_of_an_earlier_release_is_reserved(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.shut_down().await;
    database
        .execute("UPDATE accounts SET nick_folded = NULL")
        .await;
    let newsroom = TestNewsroom::on(&database).await;
    let refused = newsroom
        .try_send("lobby", &program("192.0.2.1"), "Editor", "x")
        .await;
    assert_refused!(refused, Error::NickTaken(_));
}

async fn cookie_is_valid_on_every_server(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    one.room("lobby").await;
    let guest = one.send("lobby", "ann", "Hello").await.guest.unwrap();
    let cookie = one.guest_cookie(&guest).await.unwrap();
    assert_eq!(two.guest_of(&cookie).await.unwrap(), Some(guest));
    assert_eq!(two.guest_of(&cookie.to_lowercase()).await.unwrap(), None);
    assert_eq!(two.guest_of("").await.unwrap(), None);
}
