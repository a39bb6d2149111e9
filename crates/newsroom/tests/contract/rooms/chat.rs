//! The chats of live blogs.

use domain::{EntryState, RoomState};

use super::*;
use crate::contract::support::{Event, Stream};

on_every_database! {
    chat_exists_while_it_is_not_off,
    chat_of_a_draft_is_hidden_from_readers,
    chat_appears_when_its_entry_is_published,
    entry_changes_only_when_its_chat_appears_or_disappears,
    repeated_change_of_an_entry_changes_its_chat_once,
    new_entry_has_a_chat,
    chat_has_the_title_of_its_entry,
}

async fn chat_exists_while_it_is_not_off(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let room = format!("entry-{}", entry.id);
    let feed = FeedId::Room(name(&room));
    assert_refused!(
        newsroom.room_page(name(&room), None, None, 50).await,
        Error::NotFound(_)
    );
    newsroom.set_chat_of(&entry, ChatSetting::Open).await;
    newsroom.send(&room, "ann", "Hello").await;
    let mut stream = Stream::open(&newsroom.newsroom, feed, None);
    newsroom.set_chat_of(&entry, ChatSetting::Off).await;
    // The client reconnects, and finds no room.
    assert!(matches!(stream.next_event().await, Event::Closing));
    assert_refused!(newsroom.head(feed).await, Error::NotFound(_));
    assert_refused!(newsroom.changes(feed, None).await, Error::NotFound(_));
    let visitor = member(&newsroom.owner);
    assert_refused!(
        newsroom.try_send(&room, &visitor, "x", "x").await,
        Error::NotFound(_)
    );
    newsroom.set_chat_of(&entry, ChatSetting::ReadOnly).await;
    assert_eq!(newsroom.room_texts(&room).await, ["Hello"]);
    assert_eq!(
        newsroom.room_changes(&room, 0).await.room.unwrap().state,
        RoomState::ReadOnly
    );
    let chat = newsroom.chat(&newsroom.author, entry.id).await.unwrap();
    assert_eq!(chat, ChatSetting::ReadOnly);
}

async fn chat_of_a_draft_is_hidden_from_readers(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.entry("draft", EntryState::Draft).await;
    newsroom.set_chat_of(&entry, ChatSetting::Open).await;
    let room = format!("entry-{}", entry.id);
    for visitor in [program("192.0.2.1"), member(&newsroom.reader)] {
        let caller = visitor.caller.as_ref();
        let page = newsroom.room_page(name(&room), caller, None, 50).await;
        assert_refused!(page, Error::NotFound("room"));
        assert_refused!(
            newsroom.try_send(&room, &visitor, "x", "x").await,
            Error::NotFound("room")
        );
    }
    assert_refused!(
        newsroom.head(FeedId::Room(name(&room))).await,
        Error::NotFound("room")
    );
    newsroom
        .try_send(&room, &member(&newsroom.author), "author", "A test")
        .await
        .unwrap();
    assert_refused!(
        newsroom.changes(FeedId::Room(name(&room)), None).await,
        Error::NotFound("room")
    );
    let page = newsroom
        .room_page(name(&room), Some(&newsroom.editor), None, 50)
        .await
        .unwrap();
    assert_eq!(texts(&page.messages), ["A test"]);
}

async fn chat_appears_when_its_entry_is_published(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    let entry = one.entry("draft", EntryState::Draft).await;
    one.set_chat_of(&entry, ChatSetting::Open).await;
    let room = format!("entry-{}", entry.id);
    one.try_send(&room, &member(&one.author), "author", "A test")
        .await
        .unwrap();
    one.start_entry(&one.author, &entry.slug, None)
        .await
        .unwrap();
    for newsroom in [&one, &two] {
        assert_eq!(
            newsroom
                .head(FeedId::Room(name(&room)))
                .await
                .unwrap()
                .state,
            EntryState::Live
        );
        assert_eq!(cards(&newsroom.room_changes(&room, 0).await).len(), 1);
    }
    let mut stream = Stream::open(&two.newsroom, FeedId::Room(name(&room)), None);
    one.send(&room, "ann", "Hello").await;
    assert_eq!(cards(&stream.next_batch().await).len(), 1);
}

async fn entry_changes_only_when_its_chat_appears_or_disappears(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let has_link = async || {
        let page = newsroom.entry_page(&entry.slug).await.unwrap();
        page.entry.has_chat
    };
    assert!(!has_link().await);
    let head = newsroom.feed_head(&entry).await;
    newsroom.set_chat_of(&entry, ChatSetting::Open).await;
    assert!(has_link().await);
    let opened = newsroom.feed_head(&entry).await;
    assert!(opened > head, "open pages receive it");
    newsroom.set_chat_of(&entry, ChatSetting::ReadOnly).await;
    newsroom.set_chat_of(&entry, ChatSetting::Closed).await;
    assert_eq!(newsroom.feed_head(&entry).await, opened);
    let room = format!("entry-{}", entry.id);
    let rev = newsroom.latest(&room).await.room.rev;
    newsroom.set_chat_of(&entry, ChatSetting::Closed).await;
    assert_eq!(newsroom.latest(&room).await.room.rev, rev);
    newsroom.set_chat_of(&entry, ChatSetting::Off).await;
    assert!(!has_link().await);
    assert!(newsroom.feed_head(&entry).await > opened);
}

async fn repeated_change_of_an_entry_changes_its_chat_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let op_id = op_id();
    let patch = |chat| EntryPatch {
        chat: Some(chat),
        ..EntryPatch::default()
    };
    let send = |chat| {
        let (newsroom, op_id, slug) = (&newsroom, &op_id, &entry.slug);
        async move {
            newsroom
                .patch_entry(&newsroom.author, slug, &patch(chat), Some(op_id))
                .await
        }
    };
    send(ChatSetting::Open).await.unwrap();
    newsroom.set_chat_of(&entry, ChatSetting::Closed).await;
    send(ChatSetting::Open).await.unwrap();
    let chat = newsroom.chat(&newsroom.author, entry.id).await.unwrap();
    assert_eq!(
        chat,
        ChatSetting::Closed,
        "a late retry undid a later change"
    );
    assert_refused!(send(ChatSetting::Off).await, Error::IdempotencyConflict);
}

async fn new_entry_has_a_chat(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let new = newsroom::NewEntry {
        chat: ChatSetting::Open,
        ..newsroom::NewEntry::parse("A", "", "", "", EntryState::Live, domain::Order::Oldest)
            .unwrap()
    };
    let op_id = op_id();
    let entry = newsroom
        .create_entry_once(&newsroom.author, &op_id, &new)
        .await
        .unwrap();
    newsroom
        .create_entry_once(&newsroom.author, &op_id, &new)
        .await
        .unwrap();
    assert_eq!(
        newsroom.latest(&format!("entry-{}", entry.id)).await.state,
        RoomState::Open
    );
    let other = newsroom.create_entry(None, &new).await.unwrap();
    assert_eq!(
        newsroom.latest(&format!("entry-{}", other.id)).await.state,
        RoomState::Open
    );
}

async fn chat_has_the_title_of_its_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.set_chat_of(&entry, ChatSetting::Open).await;
    let room = format!("entry-{}", entry.id);
    assert_eq!(newsroom.latest(&room).await.room.title.as_str(), "final");
    let patch = newsroom::RoomPatch {
        title: Some(domain::Title::parse("Another").unwrap()),
        ..newsroom::RoomPatch::default()
    };
    let refused = newsroom
        .patch_room(&newsroom.author, name(&room), &patch, None)
        .await;
    assert_refused!(refused, Error::Invalid(invalid) if invalid.field == "title");
    let patch = newsroom::RoomPatch {
        state: Some(RoomState::Closed),
        ..newsroom::RoomPatch::default()
    };
    newsroom
        .patch_room(&newsroom.author, name(&room), &patch, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.chat(&newsroom.author, entry.id).await.unwrap(),
        ChatSetting::Closed
    );
}
