//! Deleting messages, and undoing that.

use domain::{MessageId, Reach, RoomState, SanctionKind, SanctionLength};
use newsroom::{NewSanction, UNDO_WINDOW};

use super::*;
use crate::contract::support::Stream;

on_every_database! {
    deleted_message_is_readable_nowhere,
    author_restores_a_message,
    only_the_author_and_editors_delete_a_message,
    message_deleted_by_an_editor_is_restored_by_editors,
    text_is_erased_after_ten_minutes,
    person_who_may_not_write_restores_nothing,
    author_restores_nothing_after_all_messages_were_removed,
    moderator_undoes_nothing_that_a_higher_rank_did_to_them,
    deletion_by_a_moderator_is_undone_from_the_queue,
}

async fn deleted_message_is_readable_nowhere(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let feed = newsroom.room("lobby").await;
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    let sent = newsroom.send("lobby", "ann", "a secret").await;
    newsroom.send("lobby", "ann", "no secret").await;
    let guest = browser(&sent.guest.unwrap());
    let id = sent.message.id;
    newsroom
        .delete_message(name("lobby"), id, &guest)
        .await
        .unwrap();
    // Nothing changes when it is deleted again.
    newsroom
        .delete_message(name("lobby"), id, &guest)
        .await
        .unwrap();
    let head = newsroom.head(feed).await.unwrap().head;
    assert_eq!(newsroom.room_texts("lobby").await, ["no secret"]);
    for since in [0, sent.message.rev - 1, head - 1] {
        let batch = newsroom.room_changes("lobby", since).await;
        assert!(!cards(&batch).concat().contains("a secret"), "{batch:?}");
        assert_eq!(batch.to, head);
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&String::new()) {
        seen.extend(cards(&stream.next_batch().await));
    }
    // A client that reconnects doesn't receive it, either.
    let mut late = Stream::open(&newsroom.newsroom, feed, Some(sent.message.rev - 1));
    let mut seen = Vec::new();
    while seen.last() != Some(&String::new()) {
        seen.extend(cards(&late.next_batch().await));
    }
    assert!(!seen.concat().contains("a secret"), "{seen:?}");
}

async fn author_restores_a_message(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let (id, guest) = (sent.message.id, browser(&sent.guest.unwrap()));
    newsroom
        .delete_message(name("lobby"), id, &guest)
        .await
        .unwrap();
    let restored = newsroom
        .restore_message(name("lobby"), id, &guest)
        .await
        .unwrap();
    assert_eq!(restored.text, sent.message.text);
    assert!(restored.rev > sent.message.rev);
    assert_eq!(newsroom.room_texts("lobby").await, ["Hello"]);
    let batch = newsroom.room_changes("lobby", sent.message.rev).await;
    assert_eq!(
        cards(&batch),
        [format!(r#"<li id="message-{id}">ann: Hello</li>"#)]
    );
    let frame = newsroom
        .changes(FeedId::Room(name("lobby")), None)
        .await
        .unwrap();
    assert_eq!(frame.messages()[0].sent_rev, sent.message.rev);
}

async fn only_the_author_and_editors_delete_a_message(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let other = newsroom.send("lobby", "bob", "Hello").await.guest.unwrap();
    let id = sent.message.id;
    for stranger in [
        program("192.0.2.1"),
        browser(&other),
        member(&newsroom.reader),
        member(&newsroom.author),
    ] {
        let refused = newsroom.delete_message(name("lobby"), id, &stranger).await;
        assert_refused!(refused, Error::Forbidden(_));
    }
    let editor = member(&newsroom.editor);
    for (room, id) in [
        ("other", id),
        ("none", id),
        ("lobby", MessageId(id.0 + 100)),
    ] {
        let refused = newsroom.delete_message(name(room), id, &editor).await;
        assert_refused!(refused, Error::NotFound(_));
    }
    newsroom
        .delete_message(name("lobby"), id, &editor)
        .await
        .unwrap();
    assert_eq!(newsroom.latest("lobby").await.messages.len(), 1);
}

async fn message_deleted_by_an_editor_is_restored_by_editors(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let (id, guest) = (sent.message.id, browser(&sent.guest.unwrap()));
    newsroom
        .delete_message(name("lobby"), id, &member(&newsroom.editor))
        .await
        .unwrap();
    let refused = newsroom.restore_message(name("lobby"), id, &guest).await;
    assert_refused!(refused, Error::Forbidden(_));
    newsroom
        .restore_message(name("lobby"), id, &member(&newsroom.owner))
        .await
        .unwrap();
    newsroom
        .restore_message(name("lobby"), id, &guest)
        .await
        .unwrap();
}

async fn text_is_erased_after_ten_minutes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "a secret").await;
    let (id, guest) = (sent.message.id, browser(&sent.guest.unwrap()));
    newsroom
        .delete_message(name("lobby"), id, &guest)
        .await
        .unwrap();
    newsroom.manual_clock.advance(UNDO_WINDOW + 1);
    let refused = newsroom.restore_message(name("lobby"), id, &guest).await;
    assert_refused!(refused, Error::Forbidden(_));
    let store = database.store().await;
    store
        .erase_deleted_messages(newsroom.clock().now().plus_micros(-UNDO_WINDOW))
        .await
        .unwrap();
    let stored = store
        .snapshot()
        .await
        .unwrap()
        .message(id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.text.as_str(), "");
    store.close().await;
    let refused = newsroom
        .restore_message(name("lobby"), id, &member(&newsroom.owner))
        .await;
    assert_refused!(refused, Error::Forbidden(_));
}

async fn person_who_may_not_write_restores_nothing(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let (id, ann) = (sent.message.id, browser(&sent.guest.unwrap()));
    newsroom
        .delete_message(name("lobby"), id, &ann)
        .await
        .unwrap();
    let restore = async || newsroom.restore_message(name("lobby"), id, &ann).await;
    for state in [RoomState::ReadOnly, RoomState::Closed] {
        let patch = RoomPatch {
            state: Some(state),
            ..RoomPatch::default()
        };
        newsroom.patch("lobby", patch).await;
        assert_refused!(restore().await, Error::Forbidden(_));
    }
    let patch = RoomPatch {
        state: Some(RoomState::Open),
        ..RoomPatch::default()
    };
    newsroom.patch("lobby", patch).await;
    newsroom
        .act(ModerationAction::SetAllRooms(RoomState::ReadOnly))
        .await;
    assert_refused!(restore().await, Error::Forbidden(_));
    newsroom
        .act(ModerationAction::SetAllRooms(RoomState::Open))
        .await;
    let ban = NewSanction {
        kind: SanctionKind::Ban,
        length: SanctionLength::new(10).unwrap(),
        reach: Reach::Person,
        reason: reason("Rude"),
    };
    newsroom
        .act(ModerationAction::Sanction(ModeratedMessage::Sent(id), ban))
        .await;
    assert_refused!(restore().await, Error::Sanctioned(_));
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
}

async fn author_restores_nothing_after_all_messages_were_removed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Rude").await;
    let (id, ann) = (sent.message.id, browser(&sent.guest.unwrap()));
    newsroom
        .delete_message(name("lobby"), id, &ann)
        .await
        .unwrap();
    let removal = newsroom
        .act(ModerationAction::RemoveAll {
            message: ModeratedMessage::Sent(id),
            everywhere: true,
            reason: reason("Rude"),
        })
        .await;
    let refused = newsroom.restore_message(name("lobby"), id, &ann).await;
    assert_refused!(refused, Error::Forbidden(_));
    // Undoing the removal restores nothing that its author had deleted.
    newsroom.act(ModerationAction::UndoRemoveAll(removal)).await;
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
}

async fn moderator_undoes_nothing_that_a_higher_rank_did_to_them(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let editor = member(&newsroom.editor);
    let sent = newsroom
        .try_send("lobby", &editor, "editor", "Rude")
        .await
        .unwrap();
    let id = sent.message.id;
    let by_owner = async |action| newsroom.moderate(&newsroom.owner, None, action).await;
    let removal = by_owner(ModerationAction::RemoveAll {
        message: ModeratedMessage::Sent(id),
        everywhere: false,
        reason: reason("Rude"),
    });
    let removal = removal.await.unwrap();
    let undo = ModerationAction::UndoRemoveAll(removal);
    let refused = newsroom
        .moderate(&newsroom.editor, None, undo.clone())
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    by_owner(undo).await.unwrap();

    let deletion = by_owner(ModerationAction::Delete(id, reason("Rude")));
    let deletion = deletion.await.unwrap();
    let refused = newsroom.restore_message(name("lobby"), id, &editor).await;
    assert_refused!(refused, Error::Forbidden(_));
    let undo = ModerationAction::UndoRemoveAll(deletion);
    let refused = newsroom.moderate(&newsroom.editor, None, undo).await;
    assert_refused!(refused, Error::Forbidden(_));
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
}

async fn deletion_by_a_moderator_is_undone_from_the_queue(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let delete = ModerationAction::Delete(sent.message.id, reason(""));
    let deletion = newsroom.act(delete).await;
    let listed = newsroom.recent_removals(&newsroom.editor).await.unwrap();
    assert_eq!(
        listed.iter().map(|it| it.id).collect::<Vec<_>>(),
        [deletion]
    );
    let undo = ModerationAction::UndoRemoveAll(deletion);
    newsroom.act(undo.clone()).await;
    assert_eq!(newsroom.room_texts("lobby").await, ["Hello"]);
    assert_eq!(
        newsroom.recent_removals(&newsroom.editor).await.unwrap(),
        []
    );
    let again = newsroom.moderate(&newsroom.editor, None, undo).await;
    assert_refused!(again, Error::Forbidden(_));
}
