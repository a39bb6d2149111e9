//! Operations that have a name: a double click, a retry or a second server does them once.

use std::{collections::HashSet, time::Duration};

use domain::{Draft, EntryState, Mark, Order};
use newsroom::{EntryEdit, Error, NewEntry};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    a_retry_publishes_once,
    a_retry_is_answered_whatever_happened_since,
    a_retry_to_the_renamed_entry_publishes_once,
    another_request_under_a_used_name_is_refused,
    twenty_at_once_publish_once,
    two_servers_publish_once,
    of_twenty_different_texts_under_one_name_one_is_published,
    names_are_everybodys_own,
    an_entry_is_created_once,
    an_entry_and_an_update_share_no_name,
    an_entry_that_was_refused_used_no_name,
}

const NOW: Duration = Duration::ZERO;

async fn a_retry_publishes_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = room
        .post_update(&room.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    // How long it waited belongs to the attempt, not to the request.
    let later = Duration::from_secs(30);
    let again = room
        .post_update(&room.author, &entry.slug, &op, &text, later)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(room.texts(&entry).await, ["once"]);
    assert_eq!(room.feed_head(&entry).await, first.rev);
}

async fn a_retry_is_answered_whatever_happened_since(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = room
        .post_update(&room.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    room.edit_update(&room.author, first.id, &draft("edited"), None)
        .await
        .unwrap();
    room.delete_update(&room.author, first.id, None)
        .await
        .unwrap();
    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    room.shut_down().await;

    let room = TestNewsroom::on(&database).await;
    let again = room
        .post_update(&room.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(room.texts(&entry).await, [""; 0]);
}

async fn a_retry_to_the_renamed_entry_publishes_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (op, text, marks) = (op_id(), draft("once"), [Mark::Key]);
    let post = async |slug| {
        room.post_marked_update(&room.author, slug, &op, &text, &marks, NOW)
            .await
    };
    let first = post(&entry.slug).await.unwrap();
    let mut edit = EntryEdit::of(&entry);
    edit.slug = slug("re-match");
    room.edit_entry(&room.editor, &entry.slug, &edit, None)
        .await
        .unwrap();
    for address in [&edit.slug, &entry.slug] {
        assert_eq!(post(address).await.unwrap(), first);
    }
    let page = room.entry_page(&edit.slug).await.unwrap();
    assert_eq!(page.updates.len(), 1);
}

async fn another_request_under_a_used_name_is_refused(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let other = room.entry("other", EntryState::Live).await;
    let op = op_id();
    let post = async |slug, text: &str, headline: &str| {
        let draft = Draft::parse(text, headline).unwrap();
        room.post_update(&room.author, slug, &op, &draft, NOW).await
    };
    post(&entry.slug, "one", "").await.unwrap();
    for _ in 0..2 {
        assert_refused!(post(&entry.slug, "two", "").await, Error::Repeated);
        assert_refused!(post(&entry.slug, "one", "headline").await, Error::Repeated);
        assert_refused!(post(&other.slug, "one", "").await, Error::Repeated);
    }
    assert_eq!(room.texts(&entry).await, ["one"]);
    assert_eq!(room.texts(&other).await, [""; 0]);
    post(&entry.slug, "one", "").await.unwrap();
}

async fn twenty_at_once_publish_once(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let head = room.feed_head(&entry).await;
    let op = op_id();
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (newsroom, author) = (room.newsroom.clone(), room.author.clone());
        let (slug, op) = (entry.slug.clone(), op.clone());
        posts.spawn(async move {
            newsroom
                .post_update(&author, &slug, &op, &draft("once"), NOW)
                .await
                .unwrap()
        });
    }
    let results = posts.join_all().await;
    assert_eq!(
        results.iter().map(|r| r.id).collect::<HashSet<_>>().len(),
        1
    );
    assert!(results.iter().all(|result| *result == results[0]));
    assert_eq!(room.texts(&entry).await, ["once"]);
    assert_eq!(room.feed_head(&entry).await, results[0].rev);
    assert_eq!(
        results[0].rev,
        head + 1,
        "what was not published took revisions"
    );
}

async fn two_servers_publish_once(database: Database) {
    let (one, other) = (
        TestNewsroom::on(&database).await,
        TestNewsroom::on(&database).await,
    );
    let entry = one.live_entry().await;
    for number in 0..10 {
        let (op, text) = (op_id(), draft(&format!("once {number}")));
        let (first, second) = tokio::join!(
            one.post_update(&one.author, &entry.slug, &op, &text, NOW),
            other.post_update(&other.author, &entry.slug, &op, &text, NOW),
        );
        assert_eq!(first.unwrap(), second.unwrap());
    }
    assert_eq!(one.texts(&entry).await.len(), 10);
}

async fn of_twenty_different_texts_under_one_name_one_is_published(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let op = op_id();
    let mut posts = JoinSet::new();
    for number in 0..20 {
        let (newsroom, author) = (room.newsroom.clone(), room.author.clone());
        let (slug, op) = (entry.slug.clone(), op.clone());
        posts.spawn(async move {
            let text = format!("text {number}");
            let posted = newsroom
                .post_update(&author, &slug, &op, &draft(&text), NOW)
                .await;
            (text, posted)
        });
    }
    let mut published = Vec::new();
    for (text, result) in posts.join_all().await {
        match result {
            Ok(_) => published.push(text),
            Err(Error::Repeated) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(published.len(), 1);
    assert_eq!(room.texts(&entry).await, published);
}

async fn names_are_everybodys_own(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let op = op_id();
    for (viewer, text) in [(&room.author, "author's"), (&room.editor, "editor's")] {
        room.post_update(viewer, &entry.slug, &op, &draft(text), NOW)
            .await
            .unwrap();
    }
    assert_eq!(room.texts(&entry).await, ["author's", "editor's"]);
}

/// An entry that is to be, titled `title`.
fn new_entry(title: &str, state: EntryState) -> NewEntry {
    NewEntry::parse(title, "", "", "", state, Order::Oldest).unwrap()
}

async fn an_entry_is_created_once(database: Database) {
    let (room, other) = TestNewsroom::pair_on(&database).await;
    let op = op_id();
    let new = NewEntry {
        slug: Some(slug("the-final")),
        ..new_entry("The final", EntryState::Live)
    };
    let (first, second) = tokio::join!(
        room.create_entry_once(&room.author, &op, &new),
        other.create_entry_once(&other.author, &op, &new),
    );
    let entry = first.unwrap();
    assert_eq!(second.unwrap(), entry);
    room.end_entry(&room.author, &entry.slug, None)
        .await
        .unwrap();
    let again = room.create_entry_once(&room.author, &op, &new).await;
    assert_eq!(again.unwrap().id, entry.id, "whatever happened since");
    assert_eq!(room.desk(&room.author).await.unwrap().len(), 1);
    for wrong in [
        new_entry("Another final", EntryState::Live),
        new_entry("The final", EntryState::Draft),
    ] {
        let repeated = room.create_entry_once(&room.author, &op, &wrong).await;
        assert_refused!(repeated, Error::Repeated);
    }
    // Under another name, or by somebody else, it is another act: and the address is taken.
    for (viewer, op) in [(&room.author, op_id()), (&room.editor, op)] {
        let taken = room.create_entry_once(viewer, &op, &new).await;
        assert_refused!(taken, Error::Invalid(_));
    }
}

async fn an_entry_and_an_update_share_no_name(database: Database) {
    let room = TestNewsroom::on(&database).await;
    let entry = room.live_entry().await;
    let (posted, created) = (op_id(), op_id());
    let new = new_entry("Another", EntryState::Live);
    let post = async |op| {
        room.post_update(&room.author, &entry.slug, op, &draft("once"), NOW)
            .await
    };
    post(&posted).await.unwrap();
    let refused = room.create_entry_once(&room.author, &posted, &new).await;
    assert_refused!(refused, Error::Repeated);
    room.create_entry_once(&room.author, &created, &new)
        .await
        .unwrap();
    assert_refused!(post(&created).await, Error::Repeated);
    assert_eq!(room.texts(&entry).await, ["once"]);
}

async fn an_entry_that_was_refused_used_no_name(database: Database) {
    let room = TestNewsroom::on(&database).await;
    room.live_entry().await;
    let op = op_id();
    let create = async |viewer, title: &str| {
        let new = NewEntry {
            slug: Some(domain::Slug::parse(&title.to_lowercase()).unwrap()),
            ..new_entry(title, EntryState::Live)
        };
        room.create_entry_once(viewer, &op, &new).await
    };
    assert_refused!(create(&room.reader, "Another").await, Error::Forbidden(_));
    assert_refused!(create(&room.author, "final").await, Error::Invalid(_));
    create(&room.author, "Another").await.unwrap();
}
