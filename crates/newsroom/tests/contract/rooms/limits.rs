//! Limits of messages: token buckets and slow mode.

use domain::{Role, SlowMode};
use newsroom::MessageLimits;

use super::*;

on_every_database! {
    person_sends_a_burst_and_then_a_message_a_second,
    allowance_is_returned_before_it_runs_out,
    refused_and_repeated_messages_take_no_token,
    guest_with_other_names_is_the_same_person,
    staff_write_during_a_flood_from_one_address,
    many_guests_share_an_address,
    limits_hold_on_all_servers_and_after_a_restart,
    slow_mode_lets_a_person_wait,
    buckets_that_are_full_are_deleted,
}

const SECOND: i64 = 1_000_000;

async fn limited(database: &Database) -> TestNewsroom {
    limited_to(database, MessageLimits::per_minute(60, 3_000)).await
}

async fn limited_to(database: &Database, limits: MessageLimits) -> TestNewsroom {
    let (mut options, clock) = database.options();
    options.message_limits = limits;
    TestNewsroom::on_options(database, options, clock).await
}

/// Sends messages until one is refused. Returns their number.
async fn flood(newsroom: &TestNewsroom, visitor: &Visitor, from: &str) -> usize {
    for count in 0..2_000 {
        match newsroom.try_send("lobby", visitor, from, "again").await {
            Ok(_) => {}
            Err(Error::Limited { seconds, .. }) => {
                assert!(seconds >= 1);
                return count;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("there is no limit");
}

async fn person_sends_a_burst_and_then_a_message_a_second(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    let ann = program("192.0.2.1");
    assert_eq!(flood(&newsroom, &ann, "ann").await, 5);
    assert_eq!(flood(&newsroom, &ann, "ann").await, 0);
    for _ in 0..3 {
        newsroom.manual_clock.advance(SECOND);
        assert_eq!(flood(&newsroom, &ann, "ann").await, 1);
    }
    newsroom.manual_clock.advance(60 * SECOND);
    assert_eq!(flood(&newsroom, &ann, "ann").await, 5);
    // Somebody else is not limited by that.
    assert_eq!(flood(&newsroom, &ann, "bob").await, 5);
    let reader = member(&newsroom.reader);
    assert_eq!(flood(&newsroom, &reader, "reader").await, 5);
}

async fn allowance_is_returned_before_it_runs_out(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    let (room, ann) = (name("lobby"), program("192.0.2.1"));
    let engine = &newsroom.newsroom;
    for left in (0..5).rev() {
        let message = new_message("ann", "Hello");
        let sent = engine.post_message(room, &ann, &message).await.unwrap();
        let left_of: Vec<_> = sent
            .allowances
            .iter()
            .map(|it| (it.name, it.quota, it.remaining))
            .collect();
        let others = 995 + left;
        assert_eq!(left_of, [("person", 5, left), ("address", 1_000, others)]);
    }
    let message = new_message("author", "Hello");
    let author = member(&newsroom.author);
    let staff = engine.post_message(room, &author, &message);
    assert_eq!(staff.await.unwrap().allowances, []);
}

async fn refused_and_repeated_messages_take_no_token(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    let ann = program("192.0.2.1");
    let message = with_op_id(new_message("ann", "Goal!"), &op_id());
    for _ in 0..10 {
        newsroom
            .post_message(name("lobby"), &ann, &message)
            .await
            .unwrap();
        let taken = newsroom.try_send("lobby", &ann, "author", "x").await;
        assert_refused!(taken, Error::NickTaken(_));
    }
    assert_eq!(flood(&newsroom, &ann, "ann").await, 4);
    // The first message is still known when the bucket is empty.
    newsroom
        .post_message(name("lobby"), &ann, &message)
        .await
        .unwrap();
}

async fn guest_with_other_names_is_the_same_person(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    let first = newsroom.send("lobby", "ann", "Hello").await;
    let ann = browser(&first.guest.unwrap());
    for other in ["anna", "annika", "anne"] {
        newsroom
            .try_send("lobby", &ann, other, "Hello")
            .await
            .unwrap();
    }
    assert_eq!(flood(&newsroom, &ann, "hanna").await, 1);
    assert_eq!(flood(&newsroom, &ann, "ann").await, 0);
}

async fn staff_write_during_a_flood_from_one_address(database: Database) {
    let newsroom = limited_to(&database, MessageLimits::per_minute(60, 300)).await;
    newsroom.room("lobby").await;
    let address = program("192.0.2.1");
    let mut sent = 0;
    // One program under always another name.
    for number in 0..120 {
        let from = format!("flood {number}");
        match newsroom.try_send("lobby", &address, &from, "spam").await {
            Ok(_) => sent += 1,
            Err(error) => assert_refused!(Err::<(), _>(error), Error::Limited { .. }),
        }
    }
    assert_eq!(sent, 100);
    for caller in [&newsroom.author, &newsroom.editor, &newsroom.owner] {
        assert!(caller.role != Role::Reader);
        let staff = Visitor {
            caller: Some(caller.clone()),
            ..address.clone()
        };
        for _ in 0..10 {
            let message = NewMessage {
                from: None,
                ..new_message("x", "Order!")
            };
            newsroom
                .post_message(name("lobby"), &staff, &message)
                .await
                .unwrap();
        }
    }
    let elsewhere = program("198.51.100.1");
    newsroom
        .try_send("lobby", &elsewhere, "ann", "Hello")
        .await
        .unwrap();
}

async fn many_guests_share_an_address(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    // All at once, and then 50 of them each second.
    send_from_one_address(&newsroom, 0..1_000).await;
    for second in 0..3 {
        newsroom.manual_clock.advance(SECOND);
        send_from_one_address(&newsroom, second * 50..(second + 1) * 50).await;
    }
}

/// Sends a message of each of these guests at the same time.
async fn send_from_one_address(newsroom: &TestNewsroom, guests: std::ops::Range<u32>) {
    let mut sending = tokio::task::JoinSet::new();
    for number in guests {
        let newsroom = newsroom.newsroom.clone();
        sending.spawn(async move {
            let message = new_message(&format!("guest {number}"), "Goal!");
            let address = program("192.0.2.1");
            let sent = newsroom.post_message(name("lobby"), &address, &message);
            assert!(sent.await.unwrap().message.is_some());
        });
    }
    sending.join_all().await;
}

async fn limits_hold_on_all_servers_and_after_a_restart(database: Database) {
    let one = limited(&database).await;
    one.room("lobby").await;
    let two = limited(&database).await;
    let ann = program("192.0.2.1");
    for newsroom in [&one, &two, &one, &two, &one] {
        newsroom
            .try_send("lobby", &ann, "ann", "Hello")
            .await
            .unwrap();
    }
    for newsroom in [&one, &two] {
        assert_eq!(flood(newsroom, &ann, "ann").await, 0);
    }
    one.shut_down().await;
    let three = limited(&database).await;
    assert_eq!(flood(&three, &ann, "ann").await, 0);
}

async fn slow_mode_lets_a_person_wait(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let slow = |seconds| RoomPatch {
        slow_mode: SlowMode::new(seconds),
        ..RoomPatch::default()
    };
    newsroom.patch("lobby", slow(30)).await;
    let ann = program("192.0.2.1");
    let send = async |text| newsroom.try_send("lobby", &ann, "ann", text).await;
    send("first").await.unwrap();
    newsroom.manual_clock.advance(10 * SECOND);
    for _ in 0..3 {
        let refused = send("too early").await;
        assert_refused!(refused, Error::Limited { seconds: 20, sentence } if sentence
            == "Slow mode: one message every 30 seconds in this room. You can send the next one in 20 seconds.");
    }
    // Each person and each room have a time of their own.
    newsroom
        .try_send("lobby", &ann, "bob", "mine")
        .await
        .unwrap();
    newsroom
        .try_send("other", &ann, "ann", "elsewhere")
        .await
        .unwrap();
    newsroom.manual_clock.advance(20 * SECOND);
    send("second").await.unwrap();
    // A shorter time applies at once.
    newsroom.patch("lobby", slow(5)).await;
    assert_refused!(send("x").await, Error::Limited { seconds: 5, .. });
    newsroom.patch("lobby", slow(0)).await;
    send("third").await.unwrap();
    send("fourth").await.unwrap();
    newsroom.patch("lobby", slow(3_600)).await;
    let author = member(&newsroom.author);
    for _ in 0..2 {
        newsroom
            .try_send("lobby", &author, "author", "staff")
            .await
            .unwrap();
    }
}

async fn buckets_that_are_full_are_deleted(database: Database) {
    let newsroom = limited(&database).await;
    newsroom.room("lobby").await;
    newsroom.send("lobby", "ann", "Hello").await;
    let store = database.store().await;
    let count = async || database.count("message_limits").await;
    store
        .delete_message_limits(newsroom.clock().now())
        .await
        .unwrap();
    assert_eq!(count().await, 2);
    newsroom.manual_clock.advance(2 * SECOND);
    store
        .delete_message_limits(newsroom.clock().now())
        .await
        .unwrap();
    assert_eq!(count().await, 0);
    store.close().await;
}
