//! Updates that another release rendered, rendered anew.

use domain::{Change, Mark, UpdateId};
use newsroom::{RerenderedBatch, live::FeedId};

use super::support::{Database, Stream, TestNewsroom};

on_every_database! {
    what_differs_takes_a_revision_and_nothing_else_does,
    a_running_server_shows_what_changed,
    a_highlight_that_changes_changes_the_entry,
    a_deleted_update_is_rendered_anew_and_stays_deleted,
    a_text_that_is_refused_today_stays,
    it_goes_in_batches_and_can_go_on,
}

/// Renders anew whatever another release rendered, and returns the sum of all batches.
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

async fn what_differs_takes_a_revision_and_nothing_else_does(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let same = newsroom.post(&entry, "the same").await;
    let old = newsroom.post(&entry, "a *goal*").await;
    let head = newsroom.feed_head(&entry).await;
    assert_eq!(newsroom.count_outdated_updates().await.unwrap(), 0);
    assert_eq!(newsroom.rerender_after(UpdateId(0)).await.unwrap(), None);

    database.outdate_updates().await;
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

async fn a_running_server_shows_what_changed(database: Database) {
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

async fn a_highlight_that_changes_changes_the_entry(database: Database) {
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

async fn a_deleted_update_is_rendered_anew_and_stays_deleted(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let gone = newsroom.post(&entry, "a *goal*").await;
    newsroom
        .delete_update(&newsroom.author, gone.id, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    database
        .outdate_update(gone.id, "a *goal*", "<p>a goal</p>")
        .await;
    assert_eq!(rerender(&newsroom).await.changed, 1);
    assert_eq!(newsroom.feed_head(&entry).await, head, "nobody sees it");
    newsroom
        .restore_update(&newsroom.author, gone.id, None)
        .await
        .unwrap();
    let (_, update) = newsroom.update_page(&entry.slug, gone.id).await.unwrap();
    assert_eq!(update.html.as_str(), "<p dir=\"auto\">a <em>goal</em></p>");
}

async fn a_text_that_is_refused_today_stays(database: Database) {
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

async fn it_goes_in_batches_and_can_go_on(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let mut last = UpdateId(0);
    for number in 0..130 {
        last = newsroom.post(&entry, &format!("update {number}")).await.id;
    }
    database.outdate_updates().await;
    let first = newsroom.rerender_after(UpdateId(0)).await.unwrap().unwrap();
    assert_eq!((first.rendered, first.changed), (100, 0));
    // Whoever begins again from 0 goes on where the first one ended.
    let second = newsroom.rerender_after(UpdateId(0)).await.unwrap().unwrap();
    assert_eq!((second.rendered, second.last), (30, last));
    assert_eq!(newsroom.rerender_after(UpdateId(0)).await.unwrap(), None);
}
