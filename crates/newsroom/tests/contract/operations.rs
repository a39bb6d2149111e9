//! Operations that have a name: a double click, a retry or a second server does them once.

use std::{collections::HashSet, time::Duration};

use domain::{Draft, EntryState};
use newsroom::Error;
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id};

on_every_database! {
    a_retry_publishes_once,
    a_retry_is_answered_whatever_happened_since,
    another_request_under_a_used_name_is_refused,
    twenty_at_once_publish_once,
    two_servers_publish_once,
    of_twenty_different_texts_under_one_name_one_is_published,
    names_are_everybodys_own,
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
    room.edit_update(&room.author, first.id, &draft("edited"))
        .await
        .unwrap();
    room.delete_update(&room.author, first.id).await.unwrap();
    room.end_entry(&room.author, &entry.slug).await.unwrap();
    room.shut_down().await;

    let room = TestNewsroom::on(&database).await;
    let again = room
        .post_update(&room.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(room.texts(&entry).await, [""; 0]);
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
