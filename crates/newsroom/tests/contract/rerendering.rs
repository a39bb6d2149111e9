//! Rerendering updates that another release rendered.

use domain::{Change, FeedId, Mark, UpdateId};
use newsroom::RerenderedBatch;

use super::support::{Database, Stream, TestNewsroom};

on_every_database! {
    only_updates_whose_html_changed_take_a_revision,
    running_server_publishes_rerendered_updates,
    rerendered_highlight_changes_the_entry,
    deleted_update_is_rerendered_and_stays_deleted,
    text_that_is_no_longer_valid_keeps_its_html,
    rerendering_runs_in_batches_and_can_be_resumed,
}

/// Rerenders all outdated updates, and returns the sum of all batches.
async fn rerender(newsroom: &TestNewsroom) -> RerenderedBatch {
    let mut sum = RerenderedBatch {
        last: UpdateId(0),
        rendered: 0,
        changed: 0,
        refused: Vec::new(),
    };
    while let Some(batch) = newsroom.rerender_after(sum.last).await.unwrap() {
        sum.last = batch.last;
        sum.rendered += batch.rendered;
        sum.changed += batch.changed;
        sum.refused.extend(batch.refused);
    }
    sum
}

async fn only_updates_whose_html_changed_take_a_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let same = newsroom.post(&entry, "the same").await;
    let old = newsroom.post(&entry, "a *goal*").await;
    let head = newsroom.feed_head(&entry).await;
    assert_eq!(newsroom.count_outdated_updates().await.unwrap(), 0);
    assert_eq!(newsroom.rerender_after(UpdateId(0)).await.unwrap(), None);

    database.outdate_all_updates().await;
    database
        .outdate_update(old.id, "a *goal*", "<p>a goal</p>")
        .await;
    assert_eq!(newsroom.count_outdated_updates().await.unwrap(), 2);
    let done = rerender(&newsroom).await;
    assert_eq!((done.rendered, done.changed), (2, 1));
    let update = async |id| newsroom.update_page(&entry.slug, id).await.unwrap().1;
    assert_eq!(update(same.id).await.rev, same.rev);
    let changed = update(old.id).await;
    assert_eq!(changed.rev, head + 1);
    assert_eq!(changed.html.as_str(), "<p dir=\"auto\">a <em>goal</em></p>");
    assert_eq!(changed.html.excerpt(80), "a goal");
    assert_eq!(changed.edited_at, None);
    assert_eq!(newsroom.feed_head(&entry).await, head + 1);

    assert_eq!(newsroom.count_outdated_updates().await.unwrap(), 0);
    assert_eq!(rerender(&newsroom).await.rendered, 0);
    assert_eq!(newsroom.feed_head(&entry).await, head + 1);
}

async fn running_server_publishes_rerendered_updates(database: Database) {
    let (newsroom, command) = TestNewsroom::pair_on(&database).await;
    let entry = newsroom.live_entry().await;
    let old = newsroom.post(&entry, "a *goal*").await;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), Some(old.rev));
    database
        .outdate_update(old.id, "a *goal*", "<p>a goal</p>")
        .await;
    rerender(&command).await;
    let batch = stream.next_batch().await;
    let [Change::Upserted(shown)] = &batch.changes[..] else {
        panic!("{batch:?}")
    };
    assert!(shown.html.contains("<em>goal</em>"), "{}", shown.html);
}

async fn rerendered_highlight_changes_the_entry(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let pinned = newsroom.post(&entry, "a *goal*").await;
    newsroom
        .mark_update(&newsroom.author, pinned.id, Mark::Pinned, true, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    database
        .outdate_update(pinned.id, "a *goal*", "<p>a goal</p>")
        .await;
    rerender(&newsroom).await;
    let after = newsroom.desk_page(&entry.slug).await.entry;
    assert_eq!((after.rev, after.head), (head + 1, head + 1));
}

async fn deleted_update_is_rerendered_and_stays_deleted(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let deleted = newsroom.post(&entry, "a *goal*").await;
    newsroom
        .delete_update(&newsroom.author, deleted.id, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    database
        .outdate_update(deleted.id, "a *goal*", "<p>a goal</p>")
        .await;
    assert_eq!(rerender(&newsroom).await.changed, 1);
    assert_eq!(
        newsroom.feed_head(&entry).await,
        head,
        "a deleted update is not public"
    );
    newsroom
        .restore_update(&newsroom.author, deleted.id, None)
        .await
        .unwrap();
    let (_, update) = newsroom.update_page(&entry.slug, deleted.id).await.unwrap();
    assert_eq!(update.html.as_str(), "<p dir=\"auto\">a <em>goal</em></p>");
}

async fn text_that_is_no_longer_valid_keeps_its_html(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let deep = newsroom.post(&entry, "deep").await;
    let other = newsroom.post(&entry, "other").await;
    database
        .outdate_update(deep.id, &"> ".repeat(60), "<p>deep</p>")
        .await;
    database
        .outdate_update(other.id, "other", "<p>other</p>")
        .await;
    let done = rerender(&newsroom).await;
    assert_eq!((done.rendered, done.refused), (1, vec![deep.id]));
    let (_, update) = newsroom.update_page(&entry.slug, deep.id).await.unwrap();
    assert_eq!(update.html.as_str(), "<p>deep</p>");
    assert_eq!(update.rev, deep.rev);
}

async fn rerendering_runs_in_batches_and_can_be_resumed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut last = UpdateId(0);
    for number in 0..130 {
        last = newsroom.post(&entry, &format!("update {number}")).await.id;
    }
    database.outdate_all_updates().await;
    let first = newsroom.rerender_after(UpdateId(0)).await.unwrap().unwrap();
    assert_eq!((first.rendered, first.changed), (100, 0));
    // A run that starts again from 0 continues after the first batch.
    let second = newsroom.rerender_after(UpdateId(0)).await.unwrap().unwrap();
    assert_eq!((second.rendered, second.last), (30, last));
    assert_eq!(newsroom.rerender_after(UpdateId(0)).await.unwrap(), None);
}
