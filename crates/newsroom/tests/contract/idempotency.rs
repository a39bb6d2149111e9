//! Operation ids: a post or a new entry that is sent twice takes effect once.

use std::collections::HashSet;

use domain::{Draft, EntryState, Mark, OpId, Order};
use newsroom::{EntryEdit, EntryPatch, Error, NewEntry, UpdatePatch};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    retried_post_is_published_once,
    retry_returns_the_first_result_after_later_changes,
    post_retried_under_the_new_slug_is_published_once,
    different_post_with_a_used_operation_id_is_refused,
    post_sent_twenty_times_concurrently_is_published_once,
    post_sent_to_two_servers_is_published_once,
    one_of_twenty_texts_with_one_operation_id_is_published,
    operation_ids_are_separate_for_each_account,
    entry_is_created_once,
    operation_id_of_a_post_cannot_create_an_entry,
    refused_entry_does_not_use_up_its_operation_id,
    request_repeated_after_an_upgrade_has_the_same_hash,
}

const NOW: Option<domain::Timestamp> = None;

async fn retried_post_is_published_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    let (_, first_page) = newsroom.update_page(&entry.slug, first.id).await.unwrap();
    // When it was written is no part of the request: a client may learn it between two attempts.
    newsroom.manual_clock.advance(30_000_000);
    for written_at in [
        first_page.published_at.plus_micros(-1),
        newsroom.clock().now(),
    ] {
        let again = newsroom
            .post_update(&newsroom.author, &entry.slug, &op, &text, Some(written_at))
            .await
            .unwrap();
        assert_eq!(again, first);
    }
    let (_, same) = newsroom.update_page(&entry.slug, first.id).await.unwrap();
    assert_eq!(same, first_page);
    assert_eq!(newsroom.texts(&entry).await, ["once"]);
    assert_eq!(newsroom.feed_head(&entry).await, first.rev);
}

async fn retry_returns_the_first_result_after_later_changes(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let first = newsroom
        .post_update(&newsroom.author, &entry.slug, &op, &text, NOW)
        .await
        .unwrap();
    newsroom
        .edit_update(&newsroom.author, first.id, &draft("edited"), None, None)
        .await
        .unwrap();
    newsroom
        .delete_update(&newsroom.author, first.id, None, None)
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

async fn post_retried_under_the_new_slug_is_published_once(database: Database) {
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
    for slug in [&edit.slug, &entry.slug] {
        assert_eq!(post(slug).await.unwrap(), first);
    }
    let page = newsroom.entry_page(&edit.slug).await.unwrap();
    assert_eq!(page.updates.len(), 1);
}

async fn different_post_with_a_used_operation_id_is_refused(database: Database) {
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

async fn post_sent_twenty_times_concurrently_is_published_once(database: Database) {
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
    assert_eq!(results[0].rev, head + 1, "unpublished posts took revisions");
}

async fn post_sent_to_two_servers_is_published_once(database: Database) {
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

async fn one_of_twenty_texts_with_one_operation_id_is_published(database: Database) {
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

async fn operation_ids_are_separate_for_each_account(database: Database) {
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

/// Returns a new entry with the title `title`.
fn new_entry(title: &str, state: EntryState) -> NewEntry {
    NewEntry::parse(title, "", "", "", state, Order::Oldest).unwrap()
}

async fn entry_is_created_once(database: Database) {
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
    assert_eq!(
        again.unwrap().id,
        entry.id,
        "a retry returns the entry after later changes"
    );
    let desk = newsroom.desk(&newsroom.author, None).await.unwrap();
    assert_eq!(desk.items.len(), 1);
    for wrong in [
        new_entry("Another final", EntryState::Live),
        new_entry("The final", EntryState::Draft),
    ] {
        let repeated = newsroom
            .create_entry_once(&newsroom.author, &op, &wrong)
            .await;
        assert_refused!(repeated, Error::IdempotencyConflict);
    }
    // With another operation id, or from another account, the request is new, and its slug taken.
    for (caller, op) in [(&newsroom.author, op_id()), (&newsroom.editor, op)] {
        let taken = newsroom.create_entry_once(caller, &op, &new).await;
        assert_refused!(taken, Error::Invalid(_));
    }
}

async fn operation_id_of_a_post_cannot_create_an_entry(database: Database) {
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

async fn refused_entry_does_not_use_up_its_operation_id(database: Database) {
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

/// The parts of the hashes are those of the releases that have stored such hashes.
async fn request_repeated_after_an_upgrade_has_the_same_hash(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let owner = &newsroom.owner;
    let [create, post, patch, delete, restore, end] =
        ["create", "post", "patch", "delete", "restore", "end"]
            .map(|name| OpId::parse(&format!("request-{name}")).unwrap());
    let new = NewEntry::parse(
        "The final",
        "final",
        "2026",
        "Europe/Paris",
        EntryState::Live,
        Order::Latest,
    );
    let new = new.unwrap().in_language("fr").unwrap();
    let entry = newsroom.create_entry_once(owner, &create, &new);
    let slug = entry.await.unwrap().slug;
    let text = Draft::parse("A *goal*", "1–0").unwrap();
    let (author, marks) = (&newsroom.author, [Mark::Key, Mark::Pinned]);
    let posted = newsroom.post_marked_update(author, &slug, &post, &text, &marks, NOW);
    let id = posted.await.unwrap().update().id;
    let fields = UpdatePatch {
        source: Some(draft("No goal").source),
        headline: Some(None),
        key: Some(false),
        pinned: Some(true),
    };
    let patched = newsroom.patch_update(author, id, &fields, Some(&patch), None);
    patched.await.unwrap();
    let deleted = newsroom.delete_update(author, id, Some(&delete), None);
    deleted.await.unwrap();
    let restored = newsroom.restore_update(author, id, Some(&restore));
    restored.await.unwrap();
    let ended = EntryPatch::state(EntryState::Ended);
    let ended = newsroom.patch_entry(owner, &slug, &ended, Some(&end));
    ended.await.unwrap();

    let store = database.store().await;
    let mut snapshot = store.snapshot().await.unwrap();
    let create_parts = [
        "final",
        "The final",
        "2026",
        "live",
        "Europe/Paris",
        "latest",
        "fr",
    ];
    let patch_parts = [
        "patch-update",
        "1",
        "source",
        "No goal",
        "headline",
        "",
        "key",
        "false",
        "pinned",
        "true",
    ];
    for (caller, op_id, parts) in [
        (owner, create, &create_parts[..]),
        (author, post, &["1", "1–0", "A *goal*", "key", "pinned"]),
        (author, patch, &patch_parts),
        (author, delete, &["delete-update", "1"]),
        (author, restore, &["restore-update", "1"]),
        (owner, end, &["patch-entry", "1", "state", "ended"]),
    ] {
        let stored = snapshot.operation(caller.id, &op_id).await.unwrap();
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        assert_eq!(
            stored.unwrap().request_hash,
            hash.finalize().to_vec(),
            "{op_id}"
        );
    }
}
