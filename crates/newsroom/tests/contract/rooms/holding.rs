//! Messages that are held for a moderator, and the word filter.

use domain::{FilteredWord, Hold, RoomState};

use super::*;

on_every_database! {
    held_message_is_readable_nowhere_until_it_is_approved,
    repeated_held_message_is_held_once,
    rejected_message_stays_unpublished,
    filtered_words_hold_a_message_on_all_servers,
    first_message_of_a_new_guest_is_held,
    queue_shows_the_messages_around_and_one_room,
    queue_of_a_person_is_bounded,
    approval_is_done_once,
    word_filter_is_bounded,
}

fn hold(hold: Hold) -> RoomPatch {
    RoomPatch {
        hold: Some(hold),
        ..RoomPatch::default()
    }
}

fn words(words: &[&str]) -> ModerationAction {
    let words = words.iter().map(|word| FilteredWord::parse(word).unwrap());
    ModerationAction::SetWords(words.collect())
}

async fn held_message_is_readable_nowhere_until_it_is_approved(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let feed = newsroom.room("lobby").await;
    newsroom.send("lobby", "bob", "before").await;
    newsroom.patch("lobby", hold(Hold::All)).await;
    let head = newsroom.head(feed).await.unwrap();
    let ann = program("192.0.2.1");
    newsroom.send_held("lobby", &ann, "ann", "a secret").await;
    assert_eq!(newsroom.head(feed).await.unwrap(), head);
    assert_eq!(newsroom.room_texts("lobby").await, ["before"]);
    let batch = newsroom.room_changes("lobby", 0).await;
    assert!(!cards(&batch).concat().contains("secret"), "{batch:?}");

    let waiting = newsroom.waiting().await;
    let [(id, text)] = &*waiting else {
        panic!("{waiting:?}");
    };
    assert_eq!(text, "a secret");
    // Others were sent meanwhile, by the staff. An approved one is the latest.
    let author = member(&newsroom.author);
    newsroom
        .try_send("lobby", &author, "author", "meanwhile")
        .await
        .unwrap();
    newsroom.manual_clock.advance(60_000_000);
    newsroom.act(ModerationAction::Approve(*id)).await;
    let page = newsroom.latest("lobby").await;
    assert_eq!(texts(&page.messages), ["before", "meanwhile", "a secret"]);
    let last = page.messages.last().unwrap();
    assert_eq!(last.nick.as_str(), "ann");
    assert_eq!(last.sent_at, newsroom.clock().now());
    assert_eq!(page.cursor().rev, last.rev);
    let batch = newsroom.room_changes("lobby", last.rev - 1).await;
    assert!(cards(&batch).concat().contains("a secret"), "{batch:?}");
    assert_eq!(newsroom.waiting().await, []);
}

async fn repeated_held_message_is_held_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.patch("lobby", hold(Hold::All)).await;
    let engine = &newsroom.newsroom;
    let message = with_op_id(new_message("ann", "Goal!"), &op_id());
    let ann = program("192.0.2.1");
    let first = engine
        .post_message(name("lobby"), &ann, &message)
        .await
        .unwrap();
    let guest = first.guest.unwrap();
    // The response was lost; also to a phone that is in another network by now.
    for visitor in [ann, program("198.51.100.1"), browser(&guest)] {
        let again = engine.post_message(name("lobby"), &visitor, &message).await;
        let again = again.unwrap();
        assert_eq!((again.message, again.guest), (None, Some(guest.clone())));
    }
    let other = NewMessage {
        text: MessageText::parse("Another").unwrap(),
        ..message.clone()
    };
    let known = browser(&guest);
    let other = engine.post_message(name("lobby"), &known, &other);
    assert_refused!(other.await, Error::IdempotencyConflict);
    let waiting = newsroom.waiting().await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");

    newsroom.act(ModerationAction::Approve(waiting[0].0)).await;
    let published = newsroom
        .post_message(name("lobby"), &browser(&guest), &message)
        .await
        .unwrap();
    assert_eq!(
        published.message,
        newsroom.latest("lobby").await.messages[0]
    );
    assert_eq!(newsroom.room_texts("lobby").await, ["Goal!"]);
}

async fn rejected_message_stays_unpublished(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.patch("lobby", hold(Hold::All)).await;
    let message = with_op_id(new_message("ann", "a secret"), &op_id());
    let ann = program("192.0.2.1");
    let engine = &newsroom.newsroom;
    engine
        .post_message(name("lobby"), &ann, &message)
        .await
        .unwrap();
    let id = newsroom.waiting().await[0].0;
    newsroom
        .act(ModerationAction::Reject(id, reason("spam")))
        .await;
    assert_eq!(newsroom.waiting().await, []);
    let again = engine.post_message(name("lobby"), &ann, &message).await;
    assert_eq!(again.unwrap().message, None);
    let late = newsroom.moderate(&newsroom.editor, None, ModerationAction::Approve(id));
    assert_refused!(late.await, Error::Forbidden(_));
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
    // The text is erased after ten minutes.
    let store = database.store().await;
    let end = newsroom.clock().now().plus_micros(1);
    store.erase_rejected_messages(end).await.unwrap();
    let held = store.snapshot().await.unwrap().held_message(id).await;
    assert_eq!(held.unwrap().unwrap().text.as_str(), "");
    store.close().await;
}

async fn filtered_words_hold_a_message_on_all_servers(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    one.room("lobby").await;
    let ann = program("192.0.2.1");
    two.try_send("lobby", &ann, "ann", "a bad word")
        .await
        .unwrap();
    one.act(words(&["bad", "two words"])).await;
    for text in ["a BAD word", "b\u{430}d", "b\u{200b}ad", "these two  words"] {
        two.send_held("lobby", &ann, "ann", text).await;
        one.send_held("lobby", &ann, "ann", text).await;
    }
    // The name is readable, too.
    two.send_held("lobby", &ann, "bad ann", "Hello").await;
    for text in ["badly", "a badge", "two other words"] {
        two.try_send("lobby", &ann, "ann", text).await.unwrap();
    }
    let author = member(&one.author);
    two.try_send("lobby", &author, "author", "bad")
        .await
        .unwrap();
    one.act(words(&["other"])).await;
    two.try_send("lobby", &ann, "ann", "bad").await.unwrap();
    two.send_held("lobby", &ann, "ann", "others and other")
        .await;
    one.act(words(&[])).await;
    two.try_send("lobby", &ann, "ann", "other").await.unwrap();
    assert_eq!(one.waiting().await.len(), 10);
}

async fn first_message_of_a_new_guest_is_held(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.patch("lobby", hold(Hold::NewGuests)).await;
    let ann = program("192.0.2.1");
    let guest = newsroom.send_held("lobby", &ann, "ann", "first").await;
    newsroom
        .send_held("lobby", &browser(&guest), "ann", "second")
        .await;
    for caller in [&newsroom.reader, &newsroom.author] {
        let from = caller.username.to_string();
        newsroom
            .try_send("lobby", &member(caller), &from, "account")
            .await
            .unwrap();
    }
    let id = newsroom.waiting().await[0].0;
    newsroom.act(ModerationAction::Approve(id)).await;
    newsroom
        .try_send("lobby", &browser(&guest), "ann", "third")
        .await
        .unwrap();
    newsroom
        .send_held("lobby", &program("192.0.2.9"), "bob", "first")
        .await;
}

async fn queue_shows_the_messages_around_and_one_room(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    for text in ["1", "2", "3", "4"] {
        newsroom.send("lobby", "bob", text).await;
        newsroom.send("other", "bob", "elsewhere").await;
    }
    newsroom.act(words(&["bad"])).await;
    let ann = program("192.0.2.1");
    newsroom.send_held("lobby", &ann, "ann", "bad").await;
    newsroom.send_held("other", &ann, "ann", "bad").await;
    newsroom.send("lobby", "bob", "5").await;
    for (room, held) in [(Some("lobby"), 1), (Some("none"), 0), (None, 2)] {
        let room = room.map(name);
        let queue = newsroom.moderation_queue(&newsroom.editor, room).await;
        assert_eq!(queue.unwrap().held.len(), held);
    }
    let queue = newsroom.moderation_queue(&newsroom.editor, None).await;
    let item = &queue.unwrap().held[0];
    assert_eq!(texts(&item.before), ["2", "3", "4"]);
    assert_eq!(texts(&item.after), ["5"]);
    assert_eq!(item.room.name, name("lobby"));
    for caller in [&newsroom.author, &newsroom.reader] {
        let refused = newsroom.moderation_queue(caller, None).await;
        assert_refused!(refused, Error::Forbidden(_));
        let id = newsroom.waiting().await[0].0;
        let refused = newsroom.moderate(caller, None, ModerationAction::Approve(id));
        assert_refused!(refused.await, Error::Forbidden(_));
    }
}

async fn queue_of_a_person_is_bounded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.patch("lobby", hold(Hold::All)).await;
    let ann = program("192.0.2.1");
    for _ in 0..20 {
        newsroom.send_held("lobby", &ann, "ann", "again").await;
    }
    let refused = newsroom.try_send("lobby", &ann, "ann", "again").await;
    assert_refused!(refused, Error::Limited { seconds: 60, .. });
    newsroom.send_held("lobby", &ann, "bob", "Hello").await;
}

async fn approval_is_done_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.patch("lobby", hold(Hold::All)).await;
    let ann = program("192.0.2.1");
    newsroom.send_held("lobby", &ann, "ann", "Hello").await;
    let id = newsroom.waiting().await[0].0;
    let op_id = op_id();
    let approve = ModerationAction::Approve(id);
    let first = newsroom.moderate(&newsroom.editor, Some(&op_id), approve.clone());
    let first = first.await.unwrap();
    let again = newsroom.moderate(&newsroom.editor, Some(&op_id), approve.clone());
    assert_eq!(again.await.unwrap(), first);
    let other = ModerationAction::Reject(id, reason(""));
    let other = newsroom.moderate(&newsroom.editor, Some(&op_id), other);
    assert_refused!(other.await, Error::IdempotencyConflict);
    let second = newsroom.moderate(&newsroom.owner, None, approve);
    assert_refused!(second.await, Error::Forbidden(_));
    assert_eq!(newsroom.room_texts("lobby").await, ["Hello"]);

    // Not in a closed room.
    newsroom.send_held("lobby", &ann, "ann", "Late").await;
    let closed = RoomPatch {
        state: Some(RoomState::Closed),
        ..RoomPatch::default()
    };
    newsroom.patch("lobby", closed).await;
    let id = newsroom.waiting().await[0].0;
    let late = newsroom.moderate(&newsroom.editor, None, ModerationAction::Approve(id));
    assert_refused!(late.await, Error::Forbidden(_));
}

async fn word_filter_is_bounded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let all: Vec<_> = (0..1_001).map(|number| format!("word{number}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    newsroom.act(words(&all[1..])).await;
    for refused in [words(&all), words(&["bad", "!?"])] {
        let refused = newsroom.moderate(&newsroom.owner, None, refused).await;
        assert_refused!(refused, Error::Invalid(_));
    }
    let (_, stored) = newsroom.chat_rules(&newsroom.editor).await.unwrap();
    assert_eq!(stored.len(), 1_000);
    // Words that look alike are one.
    newsroom.act(words(&["bad", "BAD", "b\u{430}d"])).await;
    let (_, stored) = newsroom.chat_rules(&newsroom.editor).await.unwrap();
    assert_eq!(stored.len(), 1);
}
