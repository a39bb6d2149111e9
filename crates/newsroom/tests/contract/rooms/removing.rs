//! Removing all messages of a person, and undoing that; and the log.

use domain::{Hold, MessageId};
use newsroom::UNDO_WINDOW;

use super::*;

on_every_database! {
    all_messages_of_a_person_are_removed_in_a_room_or_everywhere,
    removal_is_undone_as_one_action,
    removal_of_many_messages_is_one_transaction,
    removal_is_final_after_ten_minutes,
    held_messages_are_removed_too,
    log_names_who_did_what,
}

fn remove_all(message: MessageId, everywhere: bool) -> ModerationAction {
    ModerationAction::RemoveAll {
        message: ModeratedMessage::Sent(message),
        everywhere,
        reason: reason("Spam"),
    }
}

/// Lets ann and bob write in two rooms. Returns ann's first message.
async fn chat(newsroom: &TestNewsroom) -> Published {
    for room in ["lobby", "other"] {
        newsroom.room(room).await;
    }
    let first = newsroom.send("lobby", "ann", "1").await;
    let ann = browser(first.guest.as_ref().unwrap());
    for (room, text) in [("lobby", "2"), ("other", "3")] {
        newsroom.try_send(room, &ann, "ann", text).await.unwrap();
        newsroom.send(room, "bob", "bob").await;
    }
    first
}

async fn all_messages_of_a_person_are_removed_in_a_room_or_everywhere(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = chat(&newsroom).await;
    let before = newsroom.latest("lobby").await.cursor().rev;
    newsroom.act(remove_all(first.message.id, false)).await;
    assert_eq!(newsroom.room_texts("lobby").await, ["bob"]);
    assert_eq!(newsroom.room_texts("other").await, ["3", "bob"]);
    let batch = newsroom.room_changes("lobby", before).await;
    assert_eq!(cards(&batch), ["", ""]);
    assert_eq!(batch.to, batch.head);

    newsroom.act(remove_all(first.message.id, true)).await;
    assert_eq!(newsroom.room_texts("other").await, ["bob"]);
}

async fn removal_is_undone_as_one_action(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = chat(&newsroom).await;
    let ann = browser(first.guest.as_ref().unwrap());
    // A message that ann deleted stays deleted.
    let own = newsroom.try_send("lobby", &ann, "ann", "own").await;
    newsroom
        .delete_message(name("lobby"), own.unwrap().message.id, &ann)
        .await
        .unwrap();
    let removal = newsroom.act(remove_all(first.message.id, true)).await;
    let listed = newsroom.recent_removals(&newsroom.owner).await.unwrap();
    assert_eq!(listed.iter().map(|it| it.id).collect::<Vec<_>>(), [removal]);
    newsroom.manual_clock.advance(UNDO_WINDOW);
    let op_id = op_id();
    let undo = ModerationAction::UndoRemoveAll(removal);
    for _ in 0..2 {
        newsroom
            .moderate(&newsroom.owner, Some(&op_id), undo.clone())
            .await
            .unwrap();
    }
    assert_eq!(newsroom.room_texts("lobby").await, ["1", "2", "bob"]);
    assert_eq!(newsroom.room_texts("other").await, ["3", "bob"]);
    let listed = newsroom.recent_removals(&newsroom.owner).await.unwrap();
    assert_eq!(listed, []);
    let batch = newsroom.room_changes("other", 0).await;
    assert_eq!(batch.to, batch.head);
}

async fn removal_of_many_messages_is_one_transaction(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let first = newsroom.send("lobby", "ann", "0").await;
    newsroom.send("lobby", "bob", "bob").await;
    database.repeat_message(first.message.id, 2_499).await;
    let before = newsroom.latest("lobby").await.cursor().rev;
    let removal = newsroom.act(remove_all(first.message.id, true)).await;
    assert_eq!(newsroom.room_texts("lobby").await, ["bob"]);
    let after = newsroom.latest("lobby").await.cursor().rev;
    assert!(after - before >= 2_500, "{before} {after}");
    newsroom.act(ModerationAction::UndoRemoveAll(removal)).await;
    assert_eq!(newsroom.latest("lobby").await.cursor().rev, after + 2_500);
    // Later messages have revisions of their own.
    let next = newsroom.send("lobby", "bob", "next").await;
    assert_eq!(next.message.rev, after + 2_501);
}

async fn removal_is_final_after_ten_minutes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = chat(&newsroom).await;
    let removal = newsroom.act(remove_all(first.message.id, true)).await;
    newsroom.manual_clock.advance(UNDO_WINDOW + 1);
    let undo = ModerationAction::UndoRemoveAll(removal);
    let late = newsroom.moderate(&newsroom.editor, None, undo).await;
    assert_refused!(late, Error::Forbidden(_));
    let unknown = ModerationAction::UndoRemoveAll(LogId(removal.0 + 1));
    let unknown = newsroom.moderate(&newsroom.editor, None, unknown).await;
    assert_refused!(unknown, Error::NotFound(_));
    let store = database.store().await;
    let end = newsroom.clock().now();
    store.erase_deleted_messages(end).await.unwrap();
    let message = store
        .snapshot()
        .await
        .unwrap()
        .message(first.message.id)
        .await;
    assert_eq!(message.unwrap().unwrap().text.as_str(), "");
    store.close().await;
}

async fn held_messages_are_removed_too(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = chat(&newsroom).await;
    let hold = RoomPatch {
        hold: Some(Hold::All),
        ..RoomPatch::default()
    };
    newsroom.patch("lobby", hold).await;
    let ann = browser(first.guest.as_ref().unwrap());
    newsroom.send_held("lobby", &ann, "ann", "held").await;
    newsroom
        .send_held("lobby", &program("192.0.2.1"), "bob", "bob")
        .await;
    // The action can begin with the held one.
    let waiting = newsroom.waiting().await[0].0;
    let removal = newsroom
        .act(ModerationAction::RemoveAll {
            message: ModeratedMessage::Held(waiting),
            everywhere: false,
            reason: reason(""),
        })
        .await;
    assert_eq!(newsroom.waiting().await.len(), 1);
    assert_eq!(newsroom.room_texts("lobby").await, ["bob"]);
    newsroom.act(ModerationAction::UndoRemoveAll(removal)).await;
    assert_eq!(newsroom.waiting().await.len(), 2);
    assert_eq!(newsroom.room_texts("lobby").await, ["1", "2", "bob"]);
}

async fn log_names_who_did_what(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = chat(&newsroom).await;
    let id = first.message.id;
    newsroom
        .delete_message(name("lobby"), id, &member(&newsroom.owner))
        .await
        .unwrap();
    newsroom
        .restore_message(name("lobby"), id, &member(&newsroom.editor))
        .await
        .unwrap();
    // What people do with their own messages is not in the log.
    let ann = browser(first.guest.as_ref().unwrap());
    newsroom
        .delete_message(name("lobby"), id, &ann)
        .await
        .unwrap();
    let log = newsroom
        .moderation_log(&newsroom.editor, None)
        .await
        .unwrap();
    let log: Vec<_> = log
        .items
        .iter()
        .map(|it| {
            (
                &*it.by,
                it.action.as_str(),
                it.room.as_deref(),
                it.message,
                it.nick.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        log,
        [
            ("editor", "restore", Some("lobby"), Some(id), Some("ann")),
            ("owner", "delete", Some("lobby"), Some(id), Some("ann")),
        ]
    );
    let refused = newsroom.moderation_log(&newsroom.author, None).await;
    assert_refused!(refused, Error::Forbidden(_));

    for _ in 0..60 {
        newsroom.act(ModerationAction::Dismiss(id)).await;
    }
    let mut before = None;
    let mut count = 0;
    loop {
        let page = newsroom.moderation_log(&newsroom.editor, before).await;
        let page = page.unwrap();
        assert!(page.items.len() <= 50);
        count += page.items.len();
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(count, 62);
    let store = database.store().await;
    let end = newsroom.clock().now().plus_micros(1);
    store.delete_log_entries(end).await.unwrap();
    let log = newsroom
        .moderation_log(&newsroom.editor, None)
        .await
        .unwrap();
    assert_eq!(log.items, []);
    store.close().await;
}
