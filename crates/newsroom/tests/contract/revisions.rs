//! The revision counter: it grows by the number of rows that a change writes, stays below 2^53, and
//! can be repaired.

use domain::{Cursor, EntryState, FeedId, MAX_REV, Mark, Rev};
use newsroom::{EntryPatch, Error, Newsroom};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sqlx::{AnyConnection, Connection, Executor, Row};
use tokio_util::sync::CancellationToken;

use super::support::{Database, TestNewsroom, draft, op_id, slug, text};

on_every_database! {
    each_change_takes_one_revision,
    refused_or_repeated_change_takes_no_revision,
    alternating_renames_take_one_revision_for_each_row,
    random_changes_take_at_most_one_revision_for_each_row,
    renamed_updates_keep_the_order_of_their_revisions,
    migration_renumbers_a_database_whose_counter_overflowed,
    migration_keeps_the_epoch_of_a_database_whose_counter_is_in_range,
    database_rejects_a_counter_out_of_range,
    no_revision_follows_the_last_one,
    repair_renumbers_the_revisions_in_a_new_epoch,
    repair_is_refused_while_a_server_is_running,
}

async fn counter(database: &Database) -> Rev {
    let store = database.store().await;
    let rev = store.snapshot().await.unwrap().feed().await.unwrap().rev;
    store.close().await;
    rev
}

async fn each_change_takes_one_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let author = &newsroom.author;
    let posted = newsroom.post(&entry, "a").await;
    let mut last = counter(&database).await;
    assert_eq!(last, posted.rev);
    let mut took = async |rows: i64, what: &str| {
        let now = counter(&database).await;
        assert_eq!(now - last, rows, "{what}");
        last = now;
    };
    newsroom
        .edit_update(author, posted.id, &draft("b"), None, None)
        .await
        .unwrap();
    took(1, "an edit").await;
    newsroom
        .mark_update(author, posted.id, Mark::Key, true, None)
        .await
        .unwrap();
    took(1, "a mark").await;
    newsroom
        .mark_update(author, posted.id, Mark::Pinned, true, None)
        .await
        .unwrap();
    took(1, "a pin").await;
    newsroom
        .delete_update(author, posted.id, None, None)
        .await
        .unwrap();
    took(1, "a deletion").await;
    newsroom
        .restore_update(author, posted.id, None)
        .await
        .unwrap();
    took(1, "a restore").await;
    newsroom
        .post_marked_update(
            author,
            &entry.slug,
            &op_id(),
            &draft("c"),
            &[Mark::Pinned],
            None,
        )
        .await
        .unwrap();
    took(2, "a post that replaces the pin").await;
    newsroom.end_entry(author, &entry.slug, None).await.unwrap();
    took(1, "ending the entry").await;
    let title = EntryPatch {
        title: Some("Other".to_owned().try_into().unwrap()),
        ..EntryPatch::default()
    };
    newsroom
        .patch_entry(author, &entry.slug, &title, None)
        .await
        .unwrap();
    took(1, "a new title").await;
    rename(&newsroom, "final", "finale").await;
    took(3, "a new slug of an entry with two updates").await;
}

async fn refused_or_repeated_change_takes_no_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let (op, text) = (op_id(), draft("once"));
    let post = || newsroom.post_update(&newsroom.author, &entry.slug, &op, &text, None);
    let posted = post().await.unwrap();
    post().await.unwrap();
    newsroom
        .edit_update(&newsroom.author, posted.id, &text, Some(&op_id()), None)
        .await
        .unwrap();
    let refused = newsroom
        .delete_update(&newsroom.reader, posted.id, None, None)
        .await;
    assert_refused!(refused, Error::Forbidden(_));
    // One of several posts in a group commit is refused.
    let ended = newsroom.entry("over", EntryState::Ended).await;
    let last = counter(&database).await;
    let ops = [op_id(), op_id(), op_id()];
    let (one, late, two) = (draft("one"), draft("late"), draft("two"));
    let (one, late, two) = tokio::join!(
        newsroom.post_update(&newsroom.author, &entry.slug, &ops[0], &one, None),
        newsroom.post_update(&newsroom.author, &ended.slug, &ops[1], &late, None),
        newsroom.post_update(&newsroom.author, &entry.slug, &ops[2], &two, None),
    );
    assert_refused!(late, Error::Forbidden(_));
    let mut revs = [one.unwrap().rev, two.unwrap().rev];
    revs.sort_unstable();
    assert_eq!(revs, [last + 1, last + 2]);
    assert_eq!(counter(&database).await, last + 2);
}

async fn rename(newsroom: &TestNewsroom, from: &str, to: &str) {
    let patch = EntryPatch {
        slug: Some(slug(to)),
        ..EntryPatch::default()
    };
    newsroom
        .patch_entry(&newsroom.author, &slug(from), &patch, None)
        .await
        .unwrap();
}

async fn alternating_renames_take_one_revision_for_each_row(database: Database) {
    const ROUNDS: i64 = 40;
    let newsroom = TestNewsroom::on(&database).await;
    let entries = [
        newsroom.entry("a-0", EntryState::Live).await,
        newsroom.entry("b-0", EntryState::Live).await,
    ];
    let before = counter(&database).await;
    let mut rows = 0;
    for round in 1..=ROUNDS {
        for (name, entry) in ["a", "b"].into_iter().zip(&entries) {
            newsroom
                .post_update(
                    &newsroom.author,
                    &slug(&format!("{name}-{}", round - 1)),
                    &op_id(),
                    &draft("x"),
                    None,
                )
                .await
                .unwrap();
            rename(
                &newsroom,
                &format!("{name}-{}", round - 1),
                &format!("{name}-{round}"),
            )
            .await;
            // One for the post, and one for the entry and for each of its updates.
            rows += 1 + 1 + round;
            assert_eq!(newsroom.feed_head(entry).await, before + rows);
        }
    }
    assert_eq!(counter(&database).await, before + rows);
}

/// A change of one of two entries.
#[derive(Clone, Debug)]
enum Step {
    Post(usize),
    Rename(usize),
    Edit(usize),
    Start(usize),
}

async fn random_changes_take_at_most_one_revision_for_each_row(database: Database) {
    let step = (0..4, 0..2usize).prop_map(|(kind, entry)| match kind {
        0 => Step::Post(entry),
        1 => Step::Rename(entry),
        2 => Step::Edit(entry),
        _ => Step::Start(entry),
    });
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(step, 60)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let newsroom = TestNewsroom::on(&database).await;
    let mut slugs = ["a".to_owned(), "b".to_owned()];
    let mut updates = [Vec::new(), Vec::new()];
    for name in &slugs {
        newsroom.entry(name, EntryState::Draft).await;
    }
    for (number, step) in steps.into_iter().enumerate() {
        let before = counter(&database).await;
        let at = match step {
            Step::Post(at) => {
                let posted = newsroom
                    .post_update(
                        &newsroom.author,
                        &slug(&slugs[at]),
                        &op_id(),
                        &draft("x"),
                        None,
                    )
                    .await
                    .unwrap();
                updates[at].push(posted.id);
                at
            }
            Step::Rename(at) => {
                let to = format!("{}-{number}", ["a", "b"][at]);
                rename(&newsroom, &slugs[at], &to).await;
                slugs[at] = to;
                at
            }
            Step::Edit(at) => {
                if let Some(id) = updates[at].last() {
                    let text = draft(&number.to_string());
                    newsroom
                        .edit_update(&newsroom.author, *id, &text, None, None)
                        .await
                        .unwrap();
                }
                at
            }
            Step::Start(at) => {
                newsroom
                    .start_entry(&newsroom.author, &slug(&slugs[at]), None)
                    .await
                    .unwrap();
                at
            }
        };
        let most = 1 + i64::try_from(updates[at].len()).unwrap();
        let took = counter(&database).await - before;
        assert!((0..=most).contains(&took), "{number}: {took} of {most}");
    }
}

async fn renamed_updates_keep_the_order_of_their_revisions(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut ids = Vec::new();
    for text in ["a", "b", "c"] {
        ids.push(newsroom.post(&entry, text).await.id);
    }
    newsroom
        .edit_update(&newsroom.author, ids[0], &draft("edited"), None, None)
        .await
        .unwrap();
    rename(&newsroom, "final", "finale").await;
    let batch = newsroom.changes_after(FeedId::Entry(entry.id), 0).await;
    let order: Vec<_> = batch.changes.iter().map(domain::Change::id).collect();
    assert_eq!(order, [ids[1], ids[2], ids[0]]);
}

/// The last migration of the release before the counter had bounds.
const BEFORE_BOUNDS: i64 = 3;

async fn add_rows(connection: &mut AnyConnection, revs: [Rev; 3], counter: Rev) {
    let sql = format!(
        "INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, 'old', {counter}, 0);
         INSERT INTO accounts (id, username, username_folded, role, password_hash, created_at)
         VALUES (1, 'ann', 'ann', 'author', 'none', 0);
         INSERT INTO entries (id, slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
         VALUES (1, 'final', 'Final', '', 'live', 'UTC', 0, 'oldest', {0}, {2});
         INSERT INTO updates (id, entry_id, author_id, rev, source, html, posted_at)
         VALUES (1, 1, 1, {1}, 'first', '<p>first</p>', 1), (2, 1, 1, {2}, 'second', '<p>second</p>', 2);",
        revs[0], revs[1], revs[2]
    );
    connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
}

async fn migration_renumbers_a_database_whose_counter_overflowed(database: Database) {
    let mut connection = database.of_earlier_release(BEFORE_BOUNDS).await;
    let revs = [5, 9_126_650_852_958_491, 9_126_650_852_958_492];
    add_rows(&mut connection, revs, -9_126_650_852_958_491_175).await;
    connection.close().await.unwrap();

    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    newsroom.follow(CancellationToken::new()).await.unwrap();
    let head = newsroom.head(FeedId::All).await.unwrap();
    assert_ne!(head.epoch.as_str(), "old");
    assert_eq!(head.head, 3);
    let page = newsroom.entry_page(&slug("final")).await.unwrap();
    let revs: Vec<_> = page.updates.iter().map(|u| (text(u), u.rev)).collect();
    assert_eq!(revs, [("first".to_owned(), 1), ("second".to_owned(), 2)]);
    assert_eq!(page.cursor, Cursor::new(head.epoch, 3));
    newsroom.close().await;
}

async fn migration_keeps_the_epoch_of_a_database_whose_counter_is_in_range(database: Database) {
    let mut connection = database.of_earlier_release(BEFORE_BOUNDS).await;
    add_rows(&mut connection, [5, 6, 7], 9).await;
    connection.close().await.unwrap();
    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    let page = newsroom.entry_page(&slug("final")).await.unwrap();
    assert_eq!(page.cursor.to_string(), "old.7");
    newsroom.close().await;
}

async fn database_rejects_a_counter_out_of_range(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    for rev in [-1, MAX_REV + 1] {
        let set = sqlx::query("UPDATE feed SET rev = $1").bind(rev);
        assert!(set.execute(&mut connection).await.is_err(), "{rev}");
    }
    connection.close().await.unwrap();
    newsroom.shut_down().await;
}

async fn no_revision_follows_the_last_one(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let set = sqlx::query("UPDATE feed SET rev = $1").bind(MAX_REV);
    set.execute(&mut connection).await.unwrap();
    let post = newsroom
        .post_update(&newsroom.author, &entry.slug, &op_id(), &draft("x"), None)
        .await;
    assert_refused!(post, Error::Internal(_));
    let row = sqlx::query("SELECT rev FROM feed")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>("rev"), MAX_REV);
    connection.close().await.unwrap();
}

async fn repair_renumbers_the_revisions_in_a_new_epoch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for text in ["a", "b"] {
        newsroom.post(&entry, text).await;
    }
    for round in 1..4 {
        rename(
            &newsroom,
            if round % 2 == 1 { "final" } else { "other" },
            if round % 2 == 1 { "other" } else { "final" },
        )
        .await;
    }
    let before = newsroom.head(FeedId::All).await.unwrap();
    newsroom.shut_down().await;

    let newsroom = Newsroom::open(database.options().0).await.unwrap();
    assert_eq!(newsroom.repair_revisions().await.unwrap(), 3);
    newsroom.close().await;

    let newsroom = TestNewsroom::on(&database).await;
    let after = newsroom.head(FeedId::All).await.unwrap();
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.head, 3);
    let entry = newsroom.desk_page(&slug("other")).await.entry;
    assert_eq!(newsroom.texts(&entry).await, ["a", "b"]);
    assert_eq!(newsroom.post(&entry, "c").await.rev, 4);
}

async fn repair_is_refused_while_a_server_is_running(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    database.wait_for_listener().await;
    let other = Newsroom::open(database.options().0).await.unwrap();
    assert_refused!(other.repair_revisions().await, Error::Forbidden(_));
    assert_eq!(
        newsroom.post(&entry, "still numbered as before").await.rev,
        newsroom.feed_head(&entry).await
    );
    newsroom.shut_down().await;
    other.close().await;
}
