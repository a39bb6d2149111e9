//! Updates: posting and editing them.

use std::{slice, sync::Arc};

use domain::{AccountId, Caller, Draft, EntryState, Invalid, OpId, Slug, Timestamp, UpdateId};
use newsroom::Error;
use sqlx::{Connection, Executor};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    posted_update_is_visible_everywhere_at_once,
    late_post_is_placed_by_the_time_it_was_written_within_bounds,
    update_of_an_earlier_release_was_published_when_it_was_posted,
    edit_changes_the_update_once,
    edit_of_a_deleted_or_unknown_update_is_refused,
    text_without_visible_content_is_refused,
    ended_entry_accepts_no_posts,
    concurrent_posts_each_get_their_own_result,
}

const NOW: Option<Timestamp> = None;
/// An id that no update has.
const NO_UPDATE: UpdateId = UpdateId(999_999);

async fn posted_update_is_visible_everywhere_at_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let draft = Draft::parse("**Kick-off**", "It begins").unwrap();
    let posted = newsroom
        .post_update(&newsroom.author, &entry.slug, &op_id(), &draft, NOW)
        .await
        .unwrap();

    let (of, update) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
    assert_eq!((of.id, of.head), (entry.id, posted.rev));
    assert_eq!((update.id, update.rev), (posted.id, posted.rev));
    assert_eq!(
        (update.entry_id, update.author_id),
        (entry.id, newsroom.author.id)
    );
    assert_eq!(update.author, newsroom.author.username);
    assert_eq!(update.headline.as_ref().unwrap().as_str(), "It begins");
    assert_eq!(newsroom.source(posted.id).await, "**Kick-off**");
    assert_eq!(
        update.html.as_str(),
        "<p dir=\"auto\"><strong>Kick-off</strong></p>"
    );
    assert_eq!(update.posted_at, newsroom.clock().now());
    assert_eq!((update.edited_at, update.deleted_at), (None, None));

    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(page.updates, [Arc::new(update.clone())]);
    assert_eq!(page.cursor.rev, posted.rev);
    let (_, after) = newsroom.updates_after(entry.id, UpdateId(0)).await.unwrap();
    assert_eq!(after, slice::from_ref(&update));
    let (_, after) = newsroom.updates_after(entry.id, posted.id).await.unwrap();
    assert_eq!(after, []);
    let (_, editable) = newsroom
        .editable_update(&newsroom.author, posted.id)
        .await
        .unwrap();
    assert_eq!(editable.update, update);
    assert_eq!(newsroom.feed_head(&entry).await, posted.rev);
}

async fn late_post_is_placed_by_the_time_it_was_written_within_bounds(database: Database) {
    const MINUTE: i64 = 60 * 1_000_000;
    const WEEK: i64 = 7 * 24 * 60 * MINUTE;
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.manual_clock.advance(8 * 24 * 60 * MINUTE);
    let started_later = newsroom.entry("later", EntryState::Live).await;
    newsroom.manual_clock.advance(10 * MINUTE);
    let now = newsroom.clock().now();
    let ago = |micros: i64| Some(now.plus_micros(-micros));
    for (entry, written_at, expected) in [
        (&entry, None, now),
        (&entry, ago(0), now),
        (&entry, ago(3 * MINUTE), now.plus_micros(-3 * MINUTE)),
        (&entry, ago(WEEK), now.plus_micros(-WEEK)),
        // Older, or in the future: the client is wrong about the time.
        (&entry, ago(WEEK + 1), now),
        (&entry, ago(-MINUTE), now),
        (&entry, Some(Timestamp(i64::MIN)), now),
        (&entry, Some(Timestamp(i64::MAX)), now),
        (
            &started_later,
            ago(9 * MINUTE),
            now.plus_micros(-9 * MINUTE),
        ),
        (&started_later, ago(11 * MINUTE), started_later.starts_at),
        (&started_later, ago(WEEK + 1), now),
    ] {
        let posted = newsroom
            .post_update(
                &newsroom.author,
                &entry.slug,
                &op_id(),
                &draft("late"),
                written_at,
            )
            .await
            .unwrap();
        let (_, update) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
        assert_eq!(
            (update.posted_at, update.published_at),
            (expected, now),
            "{} written at {written_at:?}",
            entry.slug
        );
        assert_eq!(update.is_late(), expected < now.plus_micros(-5 * MINUTE));
    }
    // A delayed update is sorted by the time at which it was written, not by its arrival.
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert!(
        page.updates
            .is_sorted_by_key(|update| (update.posted_at, update.id))
    );
    assert!(!page.updates.is_sorted_by_key(|update| update.id));
}

/// A server of the earlier release may still post while this one runs.
async fn update_of_an_earlier_release_was_published_when_it_was_posted(database: Database) {
    let mut connection = database.of_earlier_release(10).await;
    let rows = "
        INSERT INTO feed (id, epoch, rev, horizon) VALUES (1, 'old', 2, 0);
        INSERT INTO accounts (username, username_folded, role, password_hash, created_at)
        VALUES ('ann', 'ann', 'author', 'none', 0);
        INSERT INTO entries (id, slug, title, summary, state, time_zone, starts_at, default_order, rev, head)
        VALUES (1, 'final', 'Final', '', 'live', 'UTC', 0, 'oldest', 2, 2);
        INSERT INTO updates (id, entry_id, author_id, rev, source, html, posted_at)
        VALUES (1, 1, 1, 2, 'first', '<p>first</p>', 77);";
    connection.execute(rows).await.unwrap();
    connection.close().await.unwrap();
    let newsroom = TestNewsroom::on(&database).await;
    let (_, update) = newsroom
        .update_page(&slug("final"), UpdateId(1))
        .await
        .unwrap();
    assert_eq!(update.published_at, update.posted_at);
    assert!(!update.is_late());
}

async fn edit_changes_the_update_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "teh goal").await;
    newsroom.manual_clock.advance(1_000_000);
    let corrected = Draft::parse("the goal", "1–0").unwrap();
    let of = newsroom
        .edit_update(&newsroom.author, posted.id, &corrected, None, None)
        .await
        .unwrap();
    assert_eq!(of.entry.id, entry.id);

    let (_, edited) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
    assert_eq!(newsroom.source(posted.id).await, "the goal");
    assert_eq!(edited.html.as_str(), "<p dir=\"auto\">the goal</p>");
    assert_eq!(edited.headline.as_ref().unwrap().as_str(), "1–0");
    assert_eq!(edited.edited_at, Some(newsroom.clock().now()));
    assert_eq!(
        edited.posted_at,
        newsroom.clock().now().plus_micros(-1_000_000)
    );
    assert!(edited.rev > posted.rev);
    assert_eq!(newsroom.feed_head(&entry).await, edited.rev);

    newsroom.manual_clock.advance(1_000_000);
    newsroom
        .edit_update(&newsroom.author, posted.id, &corrected, None, None)
        .await
        .unwrap();
    let (_, again) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
    assert_eq!(again, edited, "the same text again is not an edit");
    assert_eq!(newsroom.feed_head(&entry).await, edited.rev);

    newsroom
        .edit_update(&newsroom.author, posted.id, &draft("the goal"), None, None)
        .await
        .unwrap();
    let (_, bare) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
    assert_eq!(bare.headline, None, "a headline can be removed");
}

async fn edit_of_a_deleted_or_unknown_update_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let deleted = newsroom.post(&entry, "gone").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    let edit = async |id| {
        newsroom
            .edit_update(&newsroom.author, id, &draft("new"), None, None)
            .await
    };
    let form = async |id| newsroom.editable_update(&newsroom.author, id).await;
    assert_refused!(edit(deleted).await, Error::Removed);
    assert_refused!(form(deleted).await, Error::Removed);
    assert_refused!(edit(NO_UPDATE).await, Error::NotFound("update"));
    assert_refused!(form(NO_UPDATE).await, Error::NotFound("update"));
    let deleted = newsroom
        .delete_update(&newsroom.author, NO_UPDATE, None, None)
        .await;
    assert_refused!(deleted, Error::NotFound("update"));
    let restored = newsroom
        .restore_update(&newsroom.author, NO_UPDATE, None)
        .await;
    assert_refused!(restored, Error::NotFound("update"));
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

async fn text_without_visible_content_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let posted = newsroom.post(&entry, "visible").await;
    let head = newsroom.feed_head(&entry).await;
    let nothing = draft("<script>alert(1)</script>");
    let refused = newsroom
        .post_update(&newsroom.author, &entry.slug, &op_id(), &nothing, NOW)
        .await;
    assert_refused!(
        refused,
        Error::Invalid(Invalid {
            field: "source",
            ..
        })
    );
    let refused = newsroom
        .edit_update(&newsroom.author, posted.id, &nothing, None, None)
        .await;
    assert_refused!(
        refused,
        Error::Invalid(Invalid {
            field: "source",
            ..
        })
    );
    assert_eq!(newsroom.feed_head(&entry).await, head);

    // A headline alone is visible.
    let headline = Draft::parse("<script></script>", "Half-time").unwrap();
    newsroom
        .edit_update(&newsroom.author, posted.id, &headline, None, None)
        .await
        .unwrap();
}

async fn ended_entry_accepts_no_posts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let post = async |address: &str| {
        newsroom
            .post_update(&newsroom.author, &slug(address), &op_id(), &draft("a"), NOW)
            .await
    };
    for (address, state) in [
        ("draft", EntryState::Draft),
        ("upcoming", EntryState::Upcoming),
        ("live", EntryState::Live),
    ] {
        newsroom.entry(address, state).await;
        post(address).await.unwrap();
    }
    newsroom
        .end_entry(&newsroom.author, &slug("live"), None)
        .await
        .unwrap();
    let head = newsroom.desk_page(&slug("live")).await.entry.head;
    for _ in 0..2 {
        assert_refused!(post("live").await, Error::Forbidden(_));
        assert_refused!(post("nowhere").await, Error::NotFound("live blog"));
    }
    assert_eq!(newsroom.desk_page(&slug("live")).await.entry.head, head);
    newsroom
        .start_entry(&newsroom.author, &slug("live"), None)
        .await
        .unwrap();
    post("live").await.unwrap();
}

async fn concurrent_posts_each_get_their_own_result(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let ended = newsroom.entry("over", EntryState::Ended).await;
    let post = async |slug: &Slug, name: &OpId, text: &str| {
        newsroom
            .post_update(&newsroom.author, slug, name, &draft(text), NOW)
            .await
    };
    // The database rejects an unknown author with an error.
    let unknown_author = Caller {
        id: AccountId(999),
        ..newsroom.author.clone()
    };
    let post_as_unknown_author = async |name: &OpId| {
        newsroom
            .post_update(
                &unknown_author,
                &entry.slug,
                name,
                &draft("not published"),
                NOW,
            )
            .await
    };
    // While one post is being written, the others wait, and are then written together. Their order
    // is random, because each is rendered on its own thread first.
    let [first, name, late, last] = [op_id(), op_id(), op_id(), op_id()];
    let unknown_author_op = op_id();
    let (first, once, unknown, again, late, last) = tokio::join!(
        post(&entry.slug, &first, "first"),
        post(&entry.slug, &name, "once"),
        post_as_unknown_author(&unknown_author_op),
        post(&entry.slug, &name, "once"),
        post(&ended.slug, &late, "late"),
        post(&entry.slug, &last, "last"),
    );
    let other = post(&entry.slug, &name, "another").await;
    assert!(
        matches!(&unknown, Err(error) if error.is_server_failure()),
        "{unknown:?}"
    );
    assert!(
        matches!(other, Err(Error::IdempotencyConflict)),
        "{other:?}"
    );
    assert!(matches!(late, Err(Error::Forbidden(_))), "{late:?}");
    let (first, once, last) = (first.unwrap(), once.unwrap(), last.unwrap());
    assert_eq!(again.unwrap(), once);
    let mut revs = [first.rev, once.rev, last.rev];
    revs.sort_unstable();
    assert!(revs[0] < revs[1] && revs[1] < revs[2], "{revs:?}");
    let mut texts = newsroom.texts(&entry).await;
    texts.sort_unstable();
    assert_eq!(texts, ["first", "last", "once"]);
    assert_eq!(newsroom.feed_head(&entry).await, revs[2]);
}
