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
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    // How long it waited belongs to the attempt, not to the request.
    let later = Duration::from_secs(30);
    let again = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, later)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
    assert_eq!(newsroom.feed_head(&entry).await, first.rev);
}

async fn a_retry_is_answered_whatever_happened_since(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    newsroom
        .edit_update(&newsroom.author, first.id, &draft("edited"), None)
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, first.id, None)
        .await
        .unwrap();
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    newsroom.shut_down().await;

    let newsroom = TestNewsroom::on(&database).await;
    let again = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(newsroom.texts(&entry).await, [""; 0]);
}

async fn a_retry_to_the_renamed_entry_publishes_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text, marks) = (op_id(), draft("once"), [Mark::Key]);
    let post = async |slug| {
        newsroom
            .post_marked_update(&newsroom.author, slug, &op, &text, &marks, NOW)
            .await
    };
    let first = post(&entry.slug).await.unwrap();
    let mut edit = EntryEdit::of(&entry);
    edit.slug = slug("re-match");
    newsroom
        .edit_entry(&newsroom.editor, &entry.slug, &edit, None)
        .await
        .unwrap();
    for address in [&edit.slug, &entry.slug] {
        assert_eq!(post(address).await.unwrap(), first);
    }
    let page = newsroom.entry_page(&edit.slug).await.unwrap();
    assert_eq!(page.updates.len(), 1);
}

async fn another_request_under_a_used_name_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let op = op_id();
    let post = async |slug, text: &str, headline: &str| {
        let draft = Draft::parse(text, headline).unwrap();
        newsroom
            .post_update(&newsroom.author, slug, &op, &draft, NOW)
            .await
    };
    post(&entry.slug, "one", "").await.unwrap();
    for _ in 0..2 {
        assert_refused!(
            post(&entry.slug, "two", "").await,
            Error::IdempotencyConflict
        );
        assert_refused!(
            post(&entry.slug, "one", "headline").await,
            Error::IdempotencyConflict
        );
        assert_refused!(
            post(&other.slug, "one", "").await,
            Error::IdempotencyConflict
        );
    }
    assert_eq!(newsroom.texts(&entry).await, ["one"]);
    assert_eq!(newsroom.texts(&other).await, [""; 0]);
    post(&entry.slug, "one", "").await.unwrap();
}

async fn twenty_at_once_publish_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let head = newsroom.feed_head(&entry).await;
    let op = op_id();
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (newsroom, author) = (newsroom.newsroom.clone(), newsroom.author.clone());
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
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
    assert_eq!(newsroom.feed_head(&entry).await, results[0].rev);
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
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let op = op_id();
    let mut posts = JoinSet::new();
    for number in 0..20 {
        let (newsroom, author) = (newsroom.newsroom.clone(), newsroom.author.clone());
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
            Err(Error::IdempotencyConflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(published.len(), 1);
    assert_eq!(newsroom.texts(&entry).await, published);
}

async fn names_are_everybodys_own(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let op = op_id();
    for (caller, text) in [
        (&newsroom.author, "author's"),
        (&newsroom.editor, "editor's"),
    ] {
        newsroom
            .post_update(caller, &entry.slug, &op, &draft(text), NOW)
            .await
            .unwrap();
    }
    assert_eq!(newsroom.texts(&entry).await, ["author's", "editor's"]);
}

/// An entry that is to be, titled `title`.
fn new_entry(title: &str, state: EntryState) -> NewEntry {
    NewEntry::parse(title, "", "", "", state, Order::Oldest).unwrap()
}

async fn an_entry_is_created_once(database: Database) {
    let (newsroom, other) = TestNewsroom::pair_on(&database).await;
    let op = op_id();
    let new = NewEntry {
        slug: Some(slug("the-final")),
        ..new_entry("The final", EntryState::Live)
    };
    let (first, second) = tokio::join!(
        newsroom.create_entry_once(&newsroom.author, &op, &new),
        other.create_entry_once(&other.author, &op, &new),
    );
    let entry = first.unwrap();
    assert_eq!(second.unwrap(), entry);
    newsroom
        .end_entry(&newsroom.author, &entry.slug, None)
        .await
        .unwrap();
    let again = newsroom
        .create_entry_once(&newsroom.author, &op, &new)
        .await;
    assert_eq!(again.unwrap().id, entry.id, "whatever happened since");
    assert_eq!(newsroom.desk(&newsroom.author).await.unwrap().len(), 1);
    for wrong in [
        new_entry("Another final", EntryState::Live),
        new_entry("The final", EntryState::Draft),
    ] {
        let repeated = newsroom
            .create_entry_once(&newsroom.author, &op, &wrong)
            .await;
        assert_refused!(repeated, Error::IdempotencyConflict);
    }
    // Under another name, or by somebody else, it is another act: and the address is taken.
    for (caller, op) in [(&newsroom.author, op_id()), (&newsroom.editor, op)] {
        let taken = newsroom.create_entry_once(caller, &op, &new).await;
        assert_refused!(taken, Error::Invalid(_));
    }
}

async fn an_entry_and_an_update_share_no_name(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (posted, created) = (op_id(), op_id());
    let new = new_entry("Another", EntryState::Live);
    let post = async |op| {
        newsroom
            .post_update(&newsroom.author, &entry.slug, op, &draft("once"), NOW)
            .await
    };
    post(&posted).await.unwrap();
    let refused = newsroom
        .create_entry_once(&newsroom.author, &posted, &new)
        .await;
    assert_refused!(refused, Error::IdempotencyConflict);
    newsroom
        .create_entry_once(&newsroom.author, &created, &new)
        .await
        .unwrap();
    assert_refused!(post(&created).await, Error::IdempotencyConflict);
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
}

async fn an_entry_that_was_refused_used_no_name(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.live_entry().await;
    let op = op_id();
    let create = async |caller, title: &str| {
        let new = NewEntry {
            slug: Some(domain::Slug::parse(&title.to_lowercase()).unwrap()),
            ..new_entry(title, EntryState::Live)
        };
        newsroom.create_entry_once(caller, &op, &new).await
    };
    assert_refused!(
        create(&newsroom.reader, "Another").await,
        Error::Forbidden(_)
    );
    assert_refused!(create(&newsroom.author, "final").await, Error::Invalid(_));
    create(&newsroom.author, "Another").await.unwrap();
}
