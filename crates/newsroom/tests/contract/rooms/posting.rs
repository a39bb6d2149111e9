//! Sending and reading messages.

use domain::{FeedId, MessageText};
use newsroom::storage::Counter;

use super::*;
use crate::contract::support::with_timeout;

on_every_database! {
    messages_are_read_in_the_order_in_which_they_were_sent,
    older_messages_are_read_page_by_page,
    repeated_message_is_sent_once,
    repeated_message_is_recognized_at_another_address,
    operation_id_that_can_be_guessed_identifies_nobody,
    operation_id_of_somebody_else_is_another_operation,
    message_of_two_servers_is_sent_once,
    message_moves_no_feed_of_entries,
    concurrent_messages_have_revisions_of_their_own,
}

async fn messages_are_read_in_the_order_in_which_they_were_sent(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    for text in ["a", "b", "c"] {
        newsroom.send("lobby", "ann", text).await;
        newsroom.send("other", "ann", "elsewhere").await;
    }
    let page = newsroom.latest("lobby").await;
    assert_eq!(texts(&page.messages), ["a", "b", "c"]);
    assert!(!page.has_older);
    let last = page.messages.last().unwrap();
    assert_eq!(page.cursor().rev, last.rev);
    assert_eq!(page.last_event_id(), format!("room-lobby:{}", last.rev));
    assert_eq!(
        (last.nick.as_str(), last.sent_at),
        ("ann", newsroom.clock().now())
    );
}

async fn older_messages_are_read_page_by_page(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let all: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    for text in &all {
        newsroom.send("lobby", "ann", text).await;
    }
    let (mut before, mut read) = (None, Vec::new());
    loop {
        let page = newsroom
            .room_page(name("lobby"), None, before, 3)
            .await
            .unwrap();
        assert!(page.messages.len() <= 3);
        before = page.messages.first().map(|message| message.id);
        read.splice(0..0, texts(&page.messages).into_iter().map(str::to_owned));
        if !page.has_older {
            break;
        }
    }
    assert_eq!(read, all);
}

async fn repeated_message_is_sent_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let op_id = op_id();
    let message = with_op_id(new_message("ann", "Goal!"), &op_id);
    let author = program("192.0.2.1");
    let first = newsroom
        .post_message(name("lobby"), &author, &message)
        .await
        .unwrap();
    let cookie = first.guest.clone().unwrap();
    for repeated_by in [author.clone(), browser(&cookie)] {
        let again = newsroom
            .post_message(name("lobby"), &repeated_by, &message)
            .await
            .unwrap();
        assert_eq!(again.message, first.message);
        assert_eq!(again.guest, first.guest);
    }
    // Also once nobody may write, or the message was deleted and erased.
    newsroom
        .delete_message(name("lobby"), first.message.id, &browser(&cookie))
        .await
        .unwrap();
    newsroom
        .patch_room(
            &newsroom.owner,
            name("lobby"),
            &newsroom::RoomPatch {
                state: Some(domain::RoomState::Closed),
                ..newsroom::RoomPatch::default()
            },
            None,
        )
        .await
        .unwrap();
    let again = newsroom
        .post_message(name("lobby"), &author, &message)
        .await
        .unwrap();
    assert_eq!(again.message.id, first.message.id);
    assert_eq!(again.message.text, first.message.text);

    let other = NewMessage {
        text: MessageText::parse("Another").unwrap(),
        ..message
    };
    assert_refused!(
        newsroom.post_message(name("lobby"), &author, &other).await,
        Error::IdempotencyConflict
    );
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
}

async fn repeated_message_is_recognized_at_another_address(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let message = with_op_id(new_message("ann", "Goal!"), &op_id());
    let first = newsroom
        .post_message(name("lobby"), &program("192.0.2.1"), &message)
        .await
        .unwrap();
    // The response was lost, and the phone is in another network by now.
    let elsewhere = program("198.51.100.1");
    let again = newsroom
        .post_message(name("lobby"), &elsewhere, &message)
        .await
        .unwrap();
    assert_eq!(again.message, first.message);
    assert_eq!(again.guest, first.guest);
    let other = with_op_id(
        new_message("ann", "Not ann"),
        message.op_id.as_ref().unwrap(),
    );
    assert_refused!(
        newsroom
            .post_message(name("lobby"), &elsewhere, &other)
            .await,
        Error::NickTaken(_)
    );
}

async fn operation_id_that_can_be_guessed_identifies_nobody(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let op_id = OpId::parse("goal-4711").unwrap();
    let message = with_op_id(new_message("ann", "Goal!"), &op_id);
    let first = newsroom
        .post_message(name("lobby"), &program("192.0.2.1"), &message)
        .await
        .unwrap();
    let again = newsroom
        .post_message(name("lobby"), &program("198.51.100.1"), &message)
        .await
        .unwrap();
    assert_eq!(again.message, first.message);
    assert_eq!(again.guest, None);
    // At the same address, it is the person who has the name.
    let again = newsroom
        .post_message(name("lobby"), &program("192.0.2.1"), &message)
        .await
        .unwrap();
    assert_eq!(again.guest, first.guest);
}

async fn operation_id_of_somebody_else_is_another_operation(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let op_id = op_id();
    for (visitor, from) in [
        (program("192.0.2.1"), "ann"),
        (program("192.0.2.2"), "bob"),
        (member(&newsroom.author), "author"),
        (member(&newsroom.editor), "editor"),
    ] {
        let message = with_op_id(new_message(from, "Goal!"), &op_id);
        newsroom
            .post_message(name("lobby"), &visitor, &message)
            .await
            .unwrap();
    }
    assert_eq!(newsroom.room_texts("lobby").await.len(), 4);
}

async fn message_of_two_servers_is_sent_once(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    one.room("lobby").await;
    let message = with_op_id(new_message("ann", "Goal!"), &op_id());
    let author = member(&one.author);
    let message = NewMessage {
        from: None,
        ..message
    };
    let (first, second) = tokio::join!(
        one.post_message(name("lobby"), &author, &message),
        two.post_message(name("lobby"), &author, &message)
    );
    assert_eq!(first.unwrap().message, second.unwrap().message);
    assert_eq!(one.room_texts("lobby").await, ["Goal!"]);
    assert_eq!(
        two.latest("lobby").await.messages[0].nick.as_str(),
        "author"
    );
}

async fn message_moves_no_feed_of_entries(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.set_chat_of(&entry, ChatSetting::Open).await;
    let posted = newsroom.post(&entry, "an update").await;
    for text in ["a", "b"] {
        newsroom
            .send(&format!("entry-{}", entry.id), "ann", text)
            .await;
    }
    assert_eq!(newsroom.head(FeedId::All).await.unwrap().head, posted.rev);
    assert_eq!(newsroom.feed_head(&entry).await, posted.rev);
    assert_eq!(newsroom.post(&entry, "another").await.rev, posted.rev + 1);
}

async fn concurrent_messages_have_revisions_of_their_own(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    one.room("lobby").await;
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..20 {
        let newsroom = if number % 2 == 0 { &one } else { &two }.newsroom.clone();
        sending.spawn(async move {
            let from = format!("reader {number}");
            let message = new_message(&from, "Hello");
            let visitor = program("192.0.2.1");
            newsroom
                .post_message(name("lobby"), &visitor, &message)
                .await
                .unwrap()
                .message
                .unwrap()
                .rev
        });
    }
    let mut revs = sending.join_all().await;
    revs.sort_unstable();
    revs.dedup();
    assert_eq!(revs.len(), 20);
    assert_eq!(one.latest("lobby").await.messages.len(), 20);
}

/// On SQLite there is one writer, whatever it changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_does_not_wait_for_a_change_of_an_entry() {
    let database = Database::postgres().await;
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let store = database.store().await;
    let locked = store.revise(Counter::ENTRIES).await.unwrap();
    with_timeout(newsroom.send("lobby", "ann", "a message")).await;
    drop(locked);
    let entry = newsroom.live_entry().await;
    let locked = store.revise(Counter::ROOMS).await.unwrap();
    with_timeout(newsroom.post(&entry, "an update")).await;
    drop(locked);
    store.close().await;
}
